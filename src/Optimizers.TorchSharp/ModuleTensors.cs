using System.Numerics;

namespace Optimizers.TorchSharp;

/// <summary>The trainable parameters of a module as a <see cref="ParameterSet"/>, with the gradients that torch computes.</summary>
internal sealed class ModuleTensors : IGradientSource, ICheckpointed, IDisposable
{
    // The module is searched for new parameters after 1, 2, 4, … and then every 1,024 updates: a search allocates.
    private const long LongestInterval = 1_024;

    private readonly TorchModule _module;
    private readonly ModuleOptions _options;
    private readonly bool _zeroes;
    private readonly List<ModuleTensor> _tensors = [];
    private readonly List<(string Name, TorchParameter Parameter)> _frozen = [];
    private long _takes;

    public ModuleTensors(TorchModule module, ModuleOptions options, bool zeroes)
    {
        _module = module;
        _options = options;
        _zeroes = zeroes;
        Set = new ParameterSet();
        try
        {
            AddNew();
            if (Set.Count == 0)
            {
                throw new ArgumentException("The module has no parameter that requires a gradient.", nameof(module));
            }
        }
        catch
        {
            Dispose();
            throw;
        }

        Set.GradientSource = this;
        Set.StepThreads = TorchThreads.Create();
    }

    public ParameterSet Set { get; }

    public IReadOnlyList<ModuleTensor> Tensors => _tensors;

    /// <summary>Adds the parameters of the module that require a gradient and are not in the set.</summary>
    /// <returns>The number of added parameters.</returns>
    /// <exception cref="ArgumentException">The memory of a parameter cannot be used in place.</exception>
    public int AddNew()
    {
        int before = _tensors.Count;
        if (_tensors.Exists(static tensor => tensor.IsGone))
        {
            ReplaceGone();
        }

        _frozen.Clear();
        HashSet<nint> known = [.. _tensors.SelectMany(tensor => tensor.Implementations)];
        HashSet<string>? sparse = null;
        foreach ((string name, TorchParameter parameter) in ModuleParameters.In(_module))
        {
            // Tied weights have several names, but are one tensor.
            if (!known.Add(TorchNative.Implementation(parameter.Handle)))
            {
                continue;
            }

            if (!parameter.requires_grad)
            {
                _frozen.Add((name, parameter));
                continue;
            }

            if (_tensors.Find(tensor => tensor.Name == name) is { } former)
            {
                former.Replace(parameter);
                continue;
            }

            if (parameter.numel() > 0 && TensorMemory.Refusal(parameter) is null
                && _tensors.Find(tensor => tensor.HasMemoryOf(parameter)) is { } sameMemory)
            {
                sameMemory.Tie(parameter);
                continue;
            }

            sparse ??= SparseModules.NamesIn(_module);
            bool isSparse = parameter.dim() == 2 && (sparse.Contains(name) || _options.SparseGradients?.Invoke(name) == true);
            _tensors.Add(new ModuleTensor(name, parameter, Set, isSparse, _options.UpdatePrecision));
        }

        return _tensors.Count - before;
    }

    public void TakeGradients()
    {
        _takes++;
        if (_tensors.Exists(static tensor => tensor.IsGone))
        {
            ReplaceGone();
            RequireNoNew();
        }
        else if (BitOperations.IsPow2(_takes) || _takes % LongestInterval == 0)
        {
            RequireNoNew();
        }

        foreach ((string _, TorchParameter parameter) in _frozen)
        {
            if (parameter.IsInvalid || TorchNative.RequiresGradient(parameter.Handle))
            {
                AddNew();
                break;
            }
        }

        foreach (ModuleTensor tensor in _tensors)
        {
            tensor.TakeGradient();
        }
    }

    public void ReleaseGradients(bool used, bool valuesChanged)
    {
        foreach (ModuleTensor tensor in _tensors)
        {
            tensor.ReleaseGradient(used, _zeroes, valuesChanged && _options.CountsChanges);
        }

        GC.KeepAlive(this);
    }

    public void ClearGradients()
    {
        foreach (ModuleTensor tensor in _tensors)
        {
            tensor.ClearGradient(_zeroes);
        }
    }

    /// <summary>Lists the frozen parameters for a checkpoint, so that a run with frozen layers can be resumed with a new module.</summary>
    public void Describe(CheckpointManifest contents)
    {
        if (!_options.SavesFrozenParameters)
        {
            return;
        }

        foreach ((string name, TorchParameter parameter) in ModuleParameters.In(_module))
        {
            if (!parameter.requires_grad && !Set.TryGet(name, out _))
            {
                ModuleBuffers.List(contents, "parameter", name, parameter);
            }
        }
    }

    /// <summary>Finds parameters that were replaced, and throws if the module has one that the set does not have.</summary>
    private void RequireNoNew()
    {
        HashSet<nint> known = [.. _tensors.SelectMany(tensor => tensor.Implementations)];
        foreach ((string name, TorchParameter parameter) in ModuleParameters.In(_module))
        {
            if (parameter.IsInvalid || !parameter.requires_grad || known.Contains(TorchNative.Implementation(parameter.Handle))
                || _frozen.Exists(frozen => frozen.Name == name))
            {
                continue;
            }

            ModuleTensor former = _tensors.Find(tensor => tensor.Name == name) ?? throw new InvalidOperationException(
                $"The module has a parameter \"{name}\" that was added after the {nameof(ModuleOptimizer)} was created, so no step updates it. "
                + $"Call {nameof(ModuleOptimizer.AddNewParameters)} after you have added modules.");
            former.Replace(parameter);
        }
    }

    /// <summary>Releases the set and all aliases of torch's memory.</summary>
    public void Dispose()
    {
        Set.Dispose();
        _tensors.ForEach(tensor => tensor.Dispose());
    }

    // A module replaces its parameters when .to changes their type or device.
    private void ReplaceGone()
    {
        Dictionary<string, TorchParameter> now;
        try
        {
            now = ModuleParameters.In(_module).Where(pair => !pair.Parameter.IsInvalid)
                .DistinctBy(pair => pair.Name).ToDictionary(pair => pair.Name, pair => pair.Parameter);
        }
        catch (Exception exception) when (exception is InvalidOperationException or ObjectDisposedException)
        {
            now = [];
        }

        foreach (ModuleTensor tensor in _tensors.Where(tensor => tensor.IsGone))
        {
            if (!now.TryGetValue(tensor.Name, out TorchParameter? parameter))
            {
                throw new InvalidOperationException(
                    $"The parameter \"{tensor.Name}\" has been disposed, or removed from the module. Use the optimizer only as long as its module, "
                    + $"and create a new {nameof(ModuleOptimizer)} after you remove modules.");
            }

            tensor.Replace(parameter);
        }
    }
}
