using System.Numerics;

namespace Optimizers.TorchSharp;

/// <summary>The trainable parameters of a module as a <see cref="ParameterSet"/>, with the gradients that torch computes.</summary>
internal sealed unsafe class ModuleTensors : IGradientSource, IDisposable
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
        _frozen.Clear();
        HashSet<nint> known = [.. _tensors.Select(tensor => tensor.TorchParameter.Handle)];
        HashSet<nint> addresses = [.. _tensors.Select(tensor => AddressOf(tensor.TorchParameter))];
        HashSet<string>? sparse = null;
        foreach ((string name, TorchParameter parameter) in _module.named_parameters())
        {
            // Tied weights have several names, but are one tensor.
            if (!known.Add(parameter.Handle))
            {
                continue;
            }

            if (!parameter.requires_grad)
            {
                _frozen.Add((name, parameter));
                continue;
            }

            if (parameter.numel() > 0 && TensorMemory.Refusal(parameter) is null && !addresses.Add(AddressOf(parameter)))
            {
                continue;
            }

            sparse ??= SparseModules.NamesIn(_module);
            bool isSparse = parameter.dim() == 2 && (sparse.Contains(name) || _options.SparseGradients?.Invoke(name) == true);
            _tensors.Add(new ModuleTensor(name, parameter, Set, isSparse));
        }

        return _tensors.Count - before;
    }

    /// <summary>The parameters of the module that are not in the set.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> Untrained()
    {
        HashSet<nint> addresses = [.. _tensors.Where(tensor => !tensor.IsGone).Select(tensor => AddressOf(tensor.TorchParameter))];
        return _module.named_parameters()
            .Where(pair => !addresses.Contains(AddressOf(pair.parameter)))
            .Select(pair => (pair.name, (Tensor)pair.parameter));
    }

    public void TakeGradients()
    {
        _takes++;
        if (BitOperations.IsPow2(_takes) || _takes % LongestInterval == 0)
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
            if (tensor.IsGone)
            {
                ReplaceGone();
            }

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

    /// <summary>Throws if the module has a parameter that the set does not have.</summary>
    public void RequireNoNew()
    {
        if (_tensors.Exists(tensor => tensor.IsGone))
        {
            return;
        }

        HashSet<nint> known = [.. _tensors.Select(tensor => tensor.TorchParameter.Handle)];
        foreach ((string name, TorchParameter parameter) in _module.named_parameters())
        {
            if (parameter.requires_grad && !known.Contains(parameter.Handle) && Find(AddressOf(parameter)) is null
                && !_frozen.Exists(frozen => frozen.Name == name))
            {
                throw new InvalidOperationException(
                    $"The module has a parameter \"{name}\" that was added after the {nameof(ModuleOptimizer)} was created, so no step updates it. "
                    + $"Call {nameof(ModuleOptimizer.AddNewParameters)} after you have added modules.");
            }
        }
    }

    /// <summary>Releases the set and all aliases of torch's memory.</summary>
    public void Dispose()
    {
        Set.Dispose();
        _tensors.ForEach(tensor => tensor.Dispose());
    }

    private static nint AddressOf(TorchParameter parameter) => (nint)TorchNative.Data(parameter.Handle);

    private ModuleTensor? Find(nint address) => _tensors.Find(tensor => AddressOf(tensor.TorchParameter) == address);

    // A module replaces its parameters when .to changes their type or device. It may have come back to float32 on the CPU.
    private void ReplaceGone()
    {
        Dictionary<string, TorchParameter> now;
        try
        {
            now = _module.named_parameters().Where(pair => !pair.parameter.IsInvalid)
                .DistinctBy(pair => pair.name).ToDictionary(pair => pair.name, pair => pair.parameter);
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

            if (TensorMemory.Refusal(parameter) is { } reason)
            {
                throw new InvalidOperationException($"The parameter \"{tensor.Name}\" of the module was replaced, and {reason}");
            }

            tensor.Replace(parameter);
        }
    }
}
