using System.Runtime.InteropServices;

namespace Optimizers.Training;

/// <summary>
/// A tensor beside each parameter of a set, and element-wise passes over both on several threads: the memory of averages,
/// Lookahead and SAM. Parameters that are added to the set get theirs when they are next asked for.
/// </summary>
internal sealed unsafe class AuxiliaryTensors
{
    private readonly IReadOnlyList<ParameterGroup> _groups;
    private readonly StateSlot[] _slots;
    private readonly List<AuxiliaryTensor> _tensors = [];
    private readonly TensorBatch _batch = new();
    private readonly PassRunner _runner;
    private readonly GroupStep _exchange = new SetPass<ExchangeRule, NoGradient, DecoupledDecay, Float32>(_ => default);

    private Predicate<AuxiliaryTensor>? _exchanged;

    /// <param name="parameters">The set.</param>
    /// <param name="groups">The groups of its parameters; may be empty.</param>
    /// <param name="name">The name of a tensor, after the name of its parameter and a dot.</param>
    /// <param name="threads">The number of threads of a pass at most; 0: as many as there are processors.</param>
    /// <param name="widestLane">The widest lane to use; 0: the processor's.</param>
    public AuxiliaryTensors(
        ParameterSet parameters, IReadOnlyList<ParameterGroup> groups, string name, int threads, int widestLane)
    {
        Parameters = parameters;
        _groups = groups;
        _slots = [new StateSlot(name)];
        _runner = new PassRunner(_batch, threads, widestLane);
    }

    public ParameterSet Parameters { get; }

    /// <summary>The memory that all of them take, in bytes.</summary>
    public long Bytes => _tensors.Sum(tensor => tensor.State.Bytes);

    /// <summary>Whether values and tensors have changed places.</summary>
    public bool AreExchanged => _exchanged is not null;

    /// <summary>All that there are so far, in the order of the set.</summary>
    public ReadOnlySpan<AuxiliaryTensor> All => CollectionsMarshal.AsSpan(_tensors);

    public IEnumerable<string> Names => _tensors.Select(tensor => tensor.Parameter.Name);

    public AuxiliaryTensor? Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _tensors.Find(tensor => tensor.Parameter.Name == name);
    }

    /// <summary>Makes a tensor of zeros for each parameter that has been added to the set.</summary>
    /// <returns>The new ones.</returns>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public ReadOnlySpan<AuxiliaryTensor> TakeNewParameters()
    {
        Parameters.Alive(null);
        int first = _tensors.Count;
        if (first < Parameters.Count)
        {
            Take([.. Parameters.Skip(first)]);
        }

        return All[first..];
    }

    /// <summary>Runs a pass over some of them. Its rule is told their age, and as the rate a scalar.</summary>
    public void Run(GroupStep pass, Predicate<AuxiliaryTensor> which, double scalar = 1)
    {
        Prepare(pass, which, scalar);
        _runner.Apply();
        GC.KeepAlive(this);
    }

    /// <summary>Makes some of them one pass older.</summary>
    public void Age(Predicate<AuxiliaryTensor> which)
    {
        foreach (AuxiliaryTensor tensor in All)
        {
            if (which(tensor))
            {
                tensor.State.Iteration++;
            }
        }
    }

    /// <summary>The Euclidean norm of the gradients of some of them.</summary>
    public double NormOfGradients(Predicate<AuxiliaryTensor> which)
    {
        Prepare(_exchange, which, scalar: 1);
        return Norm();
    }

    /// <summary>The Euclidean norm of some of them.</summary>
    public double NormOfTensors(Predicate<AuxiliaryTensor> which)
    {
        Prepare(_exchange, which, scalar: 1);
        for (int job = 0; job < _batch.Count; job++)
        {
            ref TensorAddresses addresses = ref _batch[job].Addresses;
            addresses.Gradients = (float*)addresses.Slots.Slot0.Elements;
        }

        return Norm();
    }

    /// <summary>
    /// Exchanges values and tensors until <see cref="ExchangeBack"/>. Steps, and other work on the values, are refused until then.
    /// </summary>
    /// <param name="which">Which of them; must say the same until then.</param>
    /// <param name="reason">Why the values are replaced, as a sentence for an exception.</param>
    /// <exception cref="InvalidOperationException">The values are replaced already.</exception>
    public void Exchange(Predicate<AuxiliaryTensor> which, string reason)
    {
        Parameters.Alive(null);
        Parameters.ValueUse.RequireOwn();
        Run(_exchange, which);
        Parameters.ValueUse.ReplacedBecause = reason;
        _exchanged = which;
    }

    /// <summary>Undoes the exchange, if there is one to undo and the set is still there.</summary>
    public void ExchangeBack()
    {
        if (_exchanged is not { } which)
        {
            return;
        }

        if (!Parameters.IsDisposed)
        {
            Run(_exchange, which);
        }

        Parameters.ValueUse.ReplacedBecause = null;
        _exchanged = null;
    }

    /// <summary>Lists the elements of each, and its age if that counts.</summary>
    /// <exception cref="InvalidOperationException">The values of the parameters are not their own.</exception>
    public void Describe(CheckpointManifest contents, bool withAge)
    {
        Parameters.ValueUse.RequireOwn();
        foreach (AuxiliaryTensor tensor in All)
        {
            string name = $"{tensor.Parameter.Name}.{_slots[0].Name}";
            contents.Tensor(name, tensor.Parameter.Shape, () =>
            {
                Parameters.ValueUse.RequireNotReplaced();
                return tensor.Elements;
            });
            if (withAge)
            {
                // Only a file that this library did not write has a count below 0.
                contents.Counter(
                    $"{name}_updates",
                    () => tensor.State.Iteration,
                    count => tensor.State.Iteration = Math.Max(0, count));
            }
        }
    }

    private void Take(Parameter[] added)
    {
        SlotPool[] pools = SlotSet.PoolsFor(
            [.. added.Select(parameter => (_slots, TensorShape.OfVector(parameter.Length)))], StateFormat.Float32);
        AuxiliaryTensor[] tensors = [.. added.Select(parameter => new AuxiliaryTensor(
            parameter,
            _groups.Where((group, index) => group.Has(parameter, index)).FirstOrDefault(),
            NewState(parameter, pools)))];
        _tensors.AddRange(tensors);
    }

    private OptimizerState NewState(Parameter parameter, SlotPool[] pools)
    {
        TensorShape shape = TensorShape.OfVector(parameter.Length);
        return new OptimizerState(shape, [], new SlotSet(SlotSet.Make(_slots, shape, StateFormat.Float32, pools), StateFormat.Float32));
    }

    private void Prepare(GroupStep pass, Predicate<AuxiliaryTensor> which, double scalar)
    {
        pass.BeginPass(scalar);
        pass.Clear();
        _batch.Clear();
        foreach (AuxiliaryTensor tensor in All)
        {
            if (which(tensor))
            {
                Parameter parameter = tensor.Parameter;
                _batch.Add(
                    pass,
                    tensor.State,
                    parameter.ValuesAddress,
                    parameter.GradientsAddress,
                    pass.WritesParameters ? parameter.RoundedCopyAddress : null);
                _batch[_batch.Count - 1].Rule = pass.AddRule(tensor.State, []);
            }
        }
    }

    private double Norm()
    {
        double norm = _runner.GradientNorm(Engine.Norm.Euclidean);
        GC.KeepAlive(this);
        return norm;
    }
}
