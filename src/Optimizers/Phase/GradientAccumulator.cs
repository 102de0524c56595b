namespace Optimizers;

/// <summary>The options of <see cref="GradientAccumulator"/>.</summary>
public sealed record GradientAccumulatorOptions
{
    /// <summary>The number of micro-batches in an update. At least 1.</summary>
    public int MicroBatches { get; init; } = 1;

    /// <summary>
    /// Whether the update sees the mean of the micro-batches' gradients, as is right where each is the gradient of a mean loss,
    /// or their sum. Default true: the mean.
    /// </summary>
    public bool Mean { get; init; } = true;

    /// <summary>
    /// Whether your code adds the gradients of a micro-batch to what the buffers hold, as PyTorch does. Nothing else is needed
    /// then. Default false: it overwrites them, and the sums are kept apart, in 4 bytes per parameter.
    /// </summary>
    public bool AddsInPlace { get; init; }
}

/// <summary>
/// Makes one update out of the gradients of several micro-batches: as if they were one batch, in the memory of one of them.
/// </summary>
/// <remarks>
/// <para>Call <see cref="Step"/> after each micro-batch. All but the last report <see cref="StepOutcome.Accumulated"/>; the last
/// takes the step of the optimizer within, so clipping, schedules and the check for gradients that are not finite see one
/// gradient and count one update. A loss scale has to be the same for all micro-batches of an update, which a
/// <see cref="LossScaler"/>'s is.</para>
/// <para>A parameter takes part in the update if it had a gradient in any of the micro-batches. If the step within throws, the
/// gradient buffers hold the sum, and the next micro-batch is the first of an update.</para>
/// </remarks>
public sealed unsafe class GradientAccumulator : IModelOptimizer, ICheckpointed
{
    private readonly IModelOptimizer _optimizer;
    private readonly GradientAccumulatorOptions _options;
    private readonly GroupUpdate _sum = new(Optimizers.Update.Elementwise(_ => default(SumRule)));
    private readonly WorkList _work = new(threads: 0);
    private readonly List<Sum> _sums = [];
    private StepGuard _guard;

    /// <summary>Makes an accumulator.</summary>
    /// <param name="optimizer">The optimizer that takes the updates.</param>
    /// <param name="options">How many micro-batches, and how they are added.</param>
    /// <exception cref="ArgumentException">An argument or an option, named in the message, is not as it should be; or
    /// gradients overlap.</exception>
    public GradientAccumulator(IModelOptimizer optimizer, GradientAccumulatorOptions options)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        ArgumentNullException.ThrowIfNull(options);
        _optimizer = optimizer;
        _options = options;
        MicroBatches = options.MicroBatches;
        _sum.Begin(learningRate: 1, weightDecay: 0, zeroGradients: true);
        TakeNewParameters();
    }

    /// <inheritdoc/>
    public ParameterSet Parameters => _optimizer.Parameters;

    /// <inheritdoc/>
    public IReadOnlyList<ParameterGroup> Groups => _optimizer.Groups;

    /// <inheritdoc/>
    public long UpdateCount => _optimizer.UpdateCount;

    /// <summary>
    /// The number of micro-batches in an update, at least 1. It may be changed at any time; if as many have been accumulated
    /// already, the next one is the last.
    /// </summary>
    public int MicroBatches
    {
        get;
        set
        {
            Require.AtLeast(value, 1, nameof(MicroBatches));
            field = value;
        }
    }

    /// <summary>The number of micro-batches that have been accumulated for the next update.</summary>
    public int Accumulated { get; private set; }

    /// <summary>Takes the gradients of a micro-batch, and with the last one updates the parameters.</summary>
    /// <inheritdoc cref="ModelOptimizer.Step" path="/param|/exception"/>
    /// <returns>What was done.</returns>
    public StepReport Step(double lossScale = 1)
    {
        Require.Scale(lossScale);
        _guard.Enter();
        try
        {
            Parameters.Alive(null);
            TakeNewParameters();
            return Accumulated < MicroBatches - 1 ? Accumulate(lossScale) : Finish(lossScale);
        }
        finally
        {
            _guard.Leave();
            GC.KeepAlive(Parameters);
        }
    }

    /// <inheritdoc/>
    public void Describe(CheckpointContents contents)
    {
        ArgumentNullException.ThrowIfNull(contents);
        TakeNewParameters();
        contents.Counter("accumulated", () => Accumulated, value => Accumulated = (int)Math.Min(value, int.MaxValue));
        contents.Counter("micro_batches", () => MicroBatches, value => MicroBatches = (int)Math.Clamp(value, 1, int.MaxValue));
        foreach (Sum sum in _sums)
        {
            contents.Tensor($"{sum.Parameter.Name}.accumulated", sum.Parameter.Shape, () => sum.Values);
            contents.Counter(
                $"{sum.Parameter.Name}.has_gradient", () => sum.HasGradient ? 1 : 0, value => sum.HasGradient = value != 0);
        }
    }

    /// <summary>The number of micro-batches so far, and the optimizer within.</summary>
    public override string ToString() =>
        $"{nameof(GradientAccumulator)}: {TextTable.Number(Accumulated)} of {TextTable.Count(MicroBatches, "micro-batch", "micro-batches")}; {_optimizer}";

    private StepReport Accumulate(double lossScale)
    {
        Fold(intoSums: true);
        Accumulated++;
        return new StepReport
        {
            Outcome = StepOutcome.Accumulated,
            Update = UpdateCount,
            LearningRate = double.NaN,
            GradientNorm = double.NaN,
            ClipFactor = 1,
            LossScale = lossScale,
            LargestUpdateRatio = double.NaN,
        };
    }

    private StepReport Finish(double lossScale)
    {
        try
        {
            Fold(intoSums: false);
            return _optimizer.Step(_options.Mean ? lossScale * (Accumulated + 1.0) : lossScale);
        }
        finally
        {
            Accumulated = 0;
            foreach (Sum sum in _sums)
            {
                sum.Release();
            }
        }
    }

    private void TakeNewParameters()
    {
        if (_sums.Count != Parameters.Count)
        {
            Parameters.RequireNoTables("accumulated", nameof(Parameters));
            Parameters.RequireGradientsApart("accumulated", nameof(Parameters));
            Add([.. Parameters.Skip(_sums.Count)]);
        }
    }

    private void Add(Parameter[] added)
    {
        var pool = new SlotPool(slot: 0, _options.AddsInPlace ? [] : added.Select(parameter => BytesOf(parameter)));
        _sums.AddRange(added.Select(parameter => new Sum(
            parameter,
            new OptimizerState(TensorShape.OfVector(parameter.Length), _sum.Update),
            _options.AddsInPlace ? null : pool.Take(BytesOf(parameter)))));
    }

    private static nuint BytesOf(Parameter parameter) => (nuint)parameter.Length * sizeof(float);

    // One pass adds the gradients to the sums and zeroes them, or the other way round.
    private void Fold(bool intoSums)
    {
        _work.Clear();
        _sum.Update.Clear();
        foreach (Sum sum in _sums)
        {
            bool adds = !_options.AddsInPlace && (intoSums ? sum.Parameter.HasGradient : sum.HasGradient);
            if (intoSums)
            {
                sum.HasGradient |= sum.Parameter.HasGradient;
            }
            else
            {
                sum.Lend();
            }

            if (adds)
            {
                float* gradients = sum.Parameter.GradientsAddress;
                float* sums = sum.Address;
                _sum.AddTo(_work, sum.State, intoSums ? sums : gradients, intoSums ? gradients : sums);
                _work[_work.Count - 1].Rule = _sum.PrepareRule(sum.State);
            }
        }

        _work.Apply();
    }

    /// <summary>What has been accumulated for a parameter.</summary>
    private sealed class Sum(Parameter parameter, OptimizerState state, SlotBuffer? buffer)
    {
        private bool _lent;

        public Parameter Parameter { get; } = parameter;

        public OptimizerState State { get; } = state;

        public bool HasGradient { get; set; }

        /// <summary>Null where sums are kept in the gradients themselves.</summary>
        public float* Address => buffer is { } own ? (float*)own.Address : null;

        public Span<float> Values => buffer is { } own ? own.Span<float>(0, Parameter.Length) : Parameter.Gradients;

        /// <summary>Has the parameter take part although the last micro-batch had no gradient for it.</summary>
        public void Lend()
        {
            _lent = HasGradient && !Parameter.HasGradient;
            Parameter.HasGradient |= _lent;
            if (_lent && buffer is not null)
            {
                // What stands there is of some earlier batch.
                Parameter.Gradients.Clear();
            }
        }

        public void Release()
        {
            Parameter.HasGradient &= !_lent;
            _lent = false;
            HasGradient = false;
        }
    }

    private readonly struct SumRule : IUpdateRule0<SumRule>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<V>(V gradient, ref V sum)
            where V : struct, ILane<V> =>
            sum += gradient;
    }
}
