using System.Runtime.InteropServices;

namespace Optimizers.Training;

/// <summary>
/// One auxiliary tensor for each parameter of a set, and element-wise passes over parameters and tensors on several threads. Averages,
/// Lookahead and SAM keep their memory here. A parameter that is added to the set later gets its tensor at the next
/// <see cref="TakeNewParameters"/>.
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
    /// <param name="name">The name of the tensors in a checkpoint; it follows the name of the parameter and a dot.</param>
    /// <param name="threads">The largest number of threads of a pass; 0: the number of processors.</param>
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

    /// <summary>The memory of all tensors, in bytes.</summary>
    public long Bytes => _tensors.Sum(tensor => tensor.State.Bytes);

    /// <summary>Whether the values of the parameters and the tensors are exchanged at present.</summary>
    public bool AreExchanged => _exchanged is not null;

    /// <summary>All tensors that exist so far, in the order of the set.</summary>
    public ReadOnlySpan<AuxiliaryTensor> All => CollectionsMarshal.AsSpan(_tensors);

    public IEnumerable<string> Names => _tensors.Select(tensor => tensor.Parameter.Name);

    public AuxiliaryTensor? Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _tensors.Find(tensor => tensor.Parameter.Name == name);
    }

    /// <summary>Makes a tensor of zeros for each parameter that has been added to the set.</summary>
    /// <returns>The new tensors.</returns>
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

    /// <summary>
    /// Runs a pass over the selected tensors. Its rule gets the number of earlier passes of each tensor, and <paramref name="scalar"/> as the rate.
    /// </summary>
    public void Run(GroupStep pass, Predicate<AuxiliaryTensor> which, double scalar = 1)
    {
        Prepare(pass, which, scalar);
        if (pass.WritesParameters)
        {
            Parameters.ValuesChanged();
        }

        _runner.Apply();
        GC.KeepAlive(this);
    }

    /// <summary>Counts a pass of the selected tensors.</summary>
    public void CountPass(Predicate<AuxiliaryTensor> which)
    {
        foreach (AuxiliaryTensor tensor in All)
        {
            if (which(tensor))
            {
                tensor.State.Iteration++;
            }
        }
    }

    /// <summary>The Euclidean norm of the gradients of the selected parameters.</summary>
    public double NormOfGradients(Predicate<AuxiliaryTensor> which)
    {
        Prepare(_exchange, which, scalar: 1);
        return Norm();
    }

    /// <summary>The Euclidean norm of the selected tensors.</summary>
    public double NormOfTensors(Predicate<AuxiliaryTensor> which)
    {
        Prepare(_exchange, which, scalar: 1);
        for (int job = 0; job < _batch.Count; job++)
        {
            ref TensorJob tensor = ref _batch[job];
            tensor.Addresses.Gradients = (float*)tensor.Addresses.Slots.Slot0.Elements;
            tensor.StoredGradients = default;
        }

        return Norm();
    }

    /// <summary>
    /// Exchanges values and tensors until <see cref="ExchangeBack"/>. Between the two calls, steps and other
    /// operations on the values throw.
    /// </summary>
    /// <param name="which">Selects the tensors. Its answers must stay the same until the exchange is undone.</param>
    /// <param name="reason">Why the values are replaced, as a sentence for an exception.</param>
    /// <exception cref="InvalidOperationException">The values are replaced already.</exception>
    public void Exchange(Predicate<AuxiliaryTensor> which, string reason)
    {
        Parameters.Alive(null);
        Parameters.ValueUse.RequireFree();
        Run(_exchange, tensor => which(tensor) && tensor.Parameter.HasFloats);

        // 16-bit values would round the tensors that they are exchanged with.
        foreach (AuxiliaryTensor tensor in All)
        {
            if (which(tensor) && !tensor.Parameter.HasFloats)
            {
                tensor.PutInPlaceOfValues();
            }
        }

        Parameters.ValueUse.ReplacedBecause = reason;
        _exchanged = which;
    }

    /// <summary>Undoes the exchange. Does nothing without an exchange; leaves the values alone if the set has been disposed.</summary>
    public void ExchangeBack()
    {
        if (_exchanged is not { } which)
        {
            return;
        }

        if (!Parameters.IsDisposed)
        {
            Run(_exchange, tensor => which(tensor) && tensor.Parameter.HasFloats);
            foreach (AuxiliaryTensor tensor in All)
            {
                tensor.PutBack();
            }
        }

        Parameters.ValueUse.ReplacedBecause = null;
        _exchanged = null;
    }

    /// <summary>Adds the elements of each tensor to the list of a checkpoint's contents, and its iteration if that is needed.</summary>
    /// <exception cref="InvalidOperationException">The values of the parameters are temporarily replaced: by an average or slow
    /// weights (SwapIn), between Sam.Ascend and the step, or during a step of L-BFGS.</exception>
    public void Describe(CheckpointManifest contents, bool withIterations)
    {
        Parameters.ValueUse.RequireFree();
        foreach (AuxiliaryTensor tensor in All)
        {
            string name = $"{tensor.Parameter.Name}.{_slots[0].Name}";
            contents.Tensor(name, tensor.Parameter.Shape, () =>
            {
                Parameters.ValueUse.RequireNotReplaced();
                return tensor.Elements;
            });
            if (withIterations)
            {
                // A count below 0 occurs only in a file that another program wrote.
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
                ParameterBuffers buffers = parameter.Buffers;
                _batch.Add(pass, tensor.State, pass.WritesParameters ? buffers : buffers with { RoundedCopy = default });
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
