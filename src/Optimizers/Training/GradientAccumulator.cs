namespace Optimizers.Training;

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
    /// Whether your code adds the gradients of a micro-batch to what the buffers hold, as PyTorch does. The buffers must be zero
    /// after an update then: set <see cref="ModelOptimizerOptions.ZeroGradients"/>, or see <see cref="ZeroedByCaller"/>. Default
    /// false: your code overwrites the gradients, and the sums are kept apart, in 4 bytes per parameter.
    /// </summary>
    public bool AddsInPlace { get; init; }

    /// <summary>
    /// Whether your code zeroes the gradients itself after each update, each skipped step and each exception, before it computes
    /// the next ones. Only for <see cref="AddsInPlace"/>, instead of <see cref="ModelOptimizerOptions.ZeroGradients"/>. Default
    /// false.
    /// </summary>
    public bool ZeroedByCaller { get; init; }
}

/// <summary>
/// Makes one update out of the gradients of several micro-batches: as if they were one batch, in the memory of one of them.
/// </summary>
/// <remarks>
/// <para>Call <see cref="Step"/> after each micro-batch. All but the last report <see cref="StepOutcome.Accumulated"/>; the last
/// takes the step of the optimizer within, so clipping, schedules and the check for gradients that are not finite see one
/// gradient and count one update.</para>
/// <para>Where the data of an epoch end before the last micro-batch of an update, call <see cref="Flush"/> to update with those
/// that there are, or <see cref="Discard"/> to leave them out. The number of updates is then that of
/// <see cref="Schedules.Steps.FromEpochs"/>, with the samples of all micro-batches of an update as the batch size.</para>
/// <para>The loss scale must be the same for all micro-batches of an update. That of a <see cref="LossScaler"/> is, because it moves
/// only when the optimizer within takes a step.</para>
/// <para>A parameter takes part in the update if it had a gradient in any of the micro-batches. The gradient buffers are zero after
/// each call, unless <see cref="GradientAccumulatorOptions.AddsInPlace"/> keeps the sums in them until the update. If the step within
/// throws, the next micro-batch is the first of an update, and the buffers are zero too. Between the micro-batches of an update, a
/// step of the optimizer within that does not go through the accumulator is refused.</para>
/// </remarks>
/// <example>
/// <code>
/// foreach (Batch batch in epoch)
/// {
///     ComputeGradients(batch);
///     accumulator.Step();
/// }
///
/// accumulator.Flush();
/// </code>
/// </example>
public sealed unsafe class GradientAccumulator : IModelOptimizer, IRunPart
{
    private readonly IModelOptimizer _optimizer;
    private readonly ModelOptimizer? _model;
    private readonly GradientAccumulatorOptions _options;
    private readonly GroupStep _sum = new SetPass<SumRule, ZeroedGradient, DecoupledDecay, Float32>(_ => default);
    private readonly TensorBatch _batch = new();
    private readonly PassRunner _runner;
    private readonly List<Sum> _sums = [];
    private StepGuard _guard;
    private LossScale? _lossScale;
    private double _scale = double.NaN;

    /// <summary>Makes an accumulator.</summary>
    /// <param name="optimizer">The optimizer that takes the updates.</param>
    /// <param name="options">How many micro-batches, and how they are added.</param>
    /// <exception cref="ArgumentException">An argument or an option, named in the message, is not as it should be; gradients
    /// overlap; or they are added in place, and it is not said that they are zero after an update.</exception>
    public GradientAccumulator(IModelOptimizer optimizer, GradientAccumulatorOptions options)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        ArgumentNullException.ThrowIfNull(options);
        optimizer.RequireNoSumsInGradients(nameof(GradientAccumulator));
        _optimizer = optimizer;
        _model = optimizer.Innermost();
        _options = options;
        RequireZeroing();
        MicroBatches = options.MicroBatches;
        _sum.BeginPass(scalar: 1);
        _runner = new PassRunner(_batch, threads: 0);
        TakeNewParameters();
        Parameters.Attach(this);
    }

    /// <inheritdoc/>
    public ParameterSet Parameters => _optimizer.Parameters;

    /// <inheritdoc/>
    public IReadOnlyList<ParameterGroup> Groups => _optimizer.Groups;

    /// <inheritdoc/>
    public long UpdateCount => _optimizer.UpdateCount;

    /// <inheritdoc/>
    public IModelOptimizer? Inner => _optimizer;

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
    public int Accumulated
    {
        get;
        private set
        {
            field = value;
            _model?.Waits(value > 0 ? this : null);
        }
    }

    string? IRunPart.LostIfNotSaved => Accumulated == 0
        ? null
        : $"{nameof(GradientAccumulator)}: the gradients of {Accumulated} of {MicroBatches} micro-batches";

    /// <summary>Whether the sums lie in the gradient buffers.</summary>
    internal bool AddsInPlace => _options.AddsInPlace;

    /// <summary>Takes the gradients of a micro-batch, and with the last one updates the parameters.</summary>
    /// <param name="lossScale">What the loss was multiplied by before its gradients were taken, beside the scale of the
    /// <see cref="LossScaler"/>: the same for all micro-batches of an update. Left out: 1.</param>
    /// <inheritdoc cref="ModelOptimizer.Step" path="/exception"/>
    /// <exception cref="ArgumentException">The loss scale is not that of the micro-batches before. Nothing has changed
    /// then.</exception>
    /// <returns>What was done.</returns>
    public StepReport Step(LossScale lossScale = default)
    {
        _guard.Enter();
        try
        {
            Parameters.Alive(null);
            TakeNewParameters();
            RequireSameScale(lossScale);
            return Accumulated < MicroBatches - 1 ? Accumulate(lossScale) : Finish(lossScale, Accumulated + 1L, flushes: false);
        }
        finally
        {
            _guard.Leave();
            GC.KeepAlive(Parameters);
        }
    }

    /// <summary>
    /// Updates the parameters with the gradients of the micro-batches that have been accumulated, although they are fewer than
    /// <see cref="MicroBatches"/>: with their mean, or their sum. Call it where the data end. What lies in the gradient buffers and
    /// was not accumulated by <see cref="Step"/> takes no part.
    /// </summary>
    /// <returns>What was done; <see cref="StepOutcome.NothingToUpdate"/>, with nothing changed, if nothing was
    /// accumulated.</returns>
    /// <inheritdoc cref="ModelOptimizer.Step" path="/exception"/>
    public StepReport Flush()
    {
        _guard.Enter();
        try
        {
            Parameters.Alive(null);
            TakeNewParameters();
            if (Accumulated == 0)
            {
                return _optimizer.Flush();
            }

            LossScale lossScale = _lossScale ?? default;
            RequireSameScale(lossScale);
            StepReport report = Finish(lossScale, Accumulated, flushes: true);
            return report.Outcome == StepOutcome.Accumulated ? _optimizer.Flush() : report;
        }
        finally
        {
            _guard.Leave();
            GC.KeepAlive(Parameters);
        }
    }

    /// <summary>
    /// Forgets the micro-batches that have been accumulated: the next one is the first of an update. With
    /// <see cref="GradientAccumulatorOptions.AddsInPlace"/> the gradients become zero.
    /// </summary>
    /// <exception cref="InvalidOperationException">The accumulator is in a step.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public void Discard()
    {
        _guard.Enter();
        try
        {
            Parameters.Alive(null);
            TakeNewParameters();
            if (Accumulated > 0)
            {
                foreach (Sum sum in _sums)
                {
                    sum.Values.Clear();
                }

                BeginWindow();
            }
        }
        finally
        {
            _guard.Leave();
            GC.KeepAlive(Parameters);
        }
    }

    /// <inheritdoc/>
    public void Describe(CheckpointManifest contents)
    {
        ArgumentNullException.ThrowIfNull(contents);
        TakeNewParameters();
        contents.Lists(this);

        contents.Options(_options, "microBatches");

        // Files of earlier versions have no loss scale: the next micro-batch says it then.
        bool hasLossScale = contents.Wants("loss_scale", here: true);
        contents.Counter("accumulated", () => Accumulated, value =>
        {
            Accumulated = (int)Math.Clamp(value, 0, int.MaxValue);
            _lossScale = hasLossScale ? _lossScale : null;
            _scale = double.NaN;
        });
        contents.Counter("micro_batches", () => MicroBatches, value => MicroBatches = (int)Math.Clamp(value, 1, int.MaxValue));
        if (hasLossScale)
        {
            contents.Scalar(
                "loss_scale",
                () => Accumulated == 0 ? 1 : (_lossScale ?? default).Factor,
                value => _lossScale = new LossScale(Require.IsScale(value) ? value : 1) { MicroBatches = (_lossScale ?? default).MicroBatches });
            contents.Counter(
                "loss_scale_micro_batches",
                () => Accumulated == 0 ? 1 : (_lossScale ?? default).MicroBatches,
                value => _lossScale = (_lossScale ?? default) with { MicroBatches = Math.Clamp(value, 1, int.MaxValue) });
        }

        foreach (Sum sum in _sums)
        {
            contents.Tensor($"{sum.Parameter.Name}.accumulated", sum.Parameter.Shape, () => sum.Values);
            contents.Counter(
                $"{sum.Parameter.Name}.has_gradient", () => sum.HasGradient ? 1 : 0, value => sum.HasGradient = value != 0);
        }
    }

    private void RequireZeroing()
    {
        if (_options.AddsInPlace && !_options.ZeroedByCaller && _model is not { Options.ZeroGradients: true })
        {
            throw new ArgumentException(
                $"{nameof(GradientAccumulatorOptions.AddsInPlace)} needs gradients that are zero after each update, or the next one adds to the last. "
                + $"Either set {nameof(ModelOptimizerOptions.ZeroGradients)} = true in the options of the {nameof(ModelOptimizer)}; "
                + $"or zero them in your own code after each update, and say so with {nameof(GradientAccumulatorOptions.ZeroedByCaller)} = true.",
                nameof(GradientAccumulatorOptions.AddsInPlace));
        }
    }

    // A sum of gradients with different scales could not be unscaled.
    private void RequireSameScale(LossScale lossScale)
    {
        double scale = _model?.ScaleOf(default) ?? 1;
        if (Accumulated == 0 || _lossScale is null)
        {
            (_lossScale, _scale) = (lossScale, scale);
        }
        else if (lossScale != _lossScale)
        {
            throw new ArgumentException(
                $"This micro-batch has the loss scale {TextOf(lossScale)}, but the {Accumulated} before it in this update have {TextOf(_lossScale.Value)}, and their gradients are added. "
                + $"Give all micro-batches of an update the same loss scale; {nameof(Discard)} forgets those that there are.",
                nameof(lossScale));
        }
        else if (double.IsNaN(_scale))
        {
            _scale = scale;
        }
        else if (scale != _scale)
        {
            throw new InvalidOperationException(string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"The scale of the {nameof(LossScaler)} is {scale}, but was {_scale} at the first of the {Accumulated} micro-batches in this update, and their gradients are added. Change it, or step the optimizer within, only between updates; {nameof(Discard)} forgets the micro-batches that there are."));
        }
    }

    private static string TextOf(LossScale lossScale) => string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"{lossScale.Factor}{(lossScale.MicroBatches == 1 ? "" : $" for the sum of {lossScale.MicroBatches}")}");

    /// <summary>The number of micro-batches so far, and the optimizer within.</summary>
    public override string ToString() =>
        $"{nameof(GradientAccumulator)}: {TextTable.Number(Accumulated)} of {TextTable.Count(MicroBatches, "micro-batch", "micro-batches")}; {_optimizer}";

    private StepReport Accumulate(LossScale lossScale)
    {
        Fold(intoSums: true);
        Accumulated++;
        return StepReport.WithoutUpdate(StepOutcome.Accumulated, UpdateCount, _model?.ScaleOf(lossScale) ?? lossScale.Factor);
    }

    private StepReport Finish(LossScale lossScale, long microBatches, bool flushes)
    {
        bool returned = false;
        try
        {
            Fold(intoSums: false, flushes);
            _model?.Waits(null);
            StepReport report = _optimizer.Step(
                _options.Mean ? lossScale with { MicroBatches = checked(lossScale.MicroBatches * microBatches) } : lossScale);
            returned = true;
            return report;
        }
        finally
        {
            foreach (Sum sum in _sums)
            {
                sum.Return();
            }

            BeginWindow();

            // Code that adds to the buffers would otherwise carry the sum into the next window.
            bool zeroes = !_options.AddsInPlace || (!returned && !_options.ZeroedByCaller);
            if (zeroes && !Parameters.IsDisposed)
            {
                Parameters.ZeroGradients();
            }
        }
    }

    private void BeginWindow()
    {
        Accumulated = 0;
        (_lossScale, _scale) = (null, double.NaN);
        foreach (Sum sum in _sums)
        {
            sum.HasGradient = false;
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
            new OptimizerState(TensorShape.OfVector(parameter.Length), _sum.Definition),
            _options.AddsInPlace ? null : pool.Take(BytesOf(parameter)))));
    }

    private static nuint BytesOf(Parameter parameter) => (nuint)parameter.Length * sizeof(float);

    // One pass adds the gradients to the sums and zeroes them, or the other way round.
    private void Fold(bool intoSums, bool flushes = false)
    {
        _batch.Clear();
        _sum.Clear();
        foreach (Sum sum in _sums)
        {
            bool adds = !_options.AddsInPlace && (intoSums ? sum.Parameter.HasGradient : sum.HasGradient);
            if (intoSums)
            {
                sum.HasGradient |= sum.Parameter.HasGradient;
            }
            else
            {
                sum.Lend(flushes);
            }

            if (adds)
            {
                float* gradients = sum.Parameter.GradientsAddress;
                float* sums = sum.Address;
                _batch.Add(_sum, sum.State, intoSums ? sums : gradients, intoSums ? gradients : sums);
                _batch[_batch.Count - 1].Rule = _sum.AddRule(sum.State, []);
            }
        }

        _runner.Apply();
    }

    /// <summary>What has been accumulated for a parameter.</summary>
    private sealed class Sum(Parameter parameter, OptimizerState state, SlotBuffer? buffer)
    {
        private bool _changed;

        public Parameter Parameter { get; } = parameter;

        public OptimizerState State { get; } = state;

        public bool HasGradient { get; set; }

        /// <summary>Null where sums are kept in the gradients themselves.</summary>
        public float* Address => buffer is { } own ? (float*)own.Address : null;

        public Span<float> Values => buffer is { } own ? own.Span<float>(0, Parameter.Length) : Parameter.Gradients;

        /// <summary>
        /// Has the parameter take part if it had a gradient in any micro-batch: also if it has none now, and when flushing not
        /// because it has one now.
        /// </summary>
        public void Lend(bool flushes)
        {
            bool has = Parameter.HasGradient;
            _changed = has != (HasGradient || (has && !flushes));
            Parameter.HasGradient ^= _changed;
            if (buffer is not null && HasGradient && (flushes || !has))
            {
                // What stands there is not of this update.
                Parameter.Gradients.Clear();
            }
        }

        /// <summary>Gives the parameter back what the user has said about its gradient.</summary>
        public void Return()
        {
            Parameter.HasGradient ^= _changed;
            _changed = false;
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
