namespace Optimizers.Training;

/// <summary>
/// Accumulates the gradients of several micro-batches into one update. The result is that of one large batch, with the memory of one
/// micro-batch.
/// </summary>
/// <remarks>
/// <para>Call <see cref="Step"/> after each micro-batch. All calls but the last report <see cref="StepOutcome.Accumulated"/>. The last
/// takes the step of the wrapped optimizer, so clipping and the check for gradients that are not finite apply to the whole
/// gradient, and schedules count one update.</para>
/// <para>If the data of an epoch end before the last micro-batch of an update, call <see cref="Flush"/> to update with the accumulated
/// micro-batches, or <see cref="Discard"/> to leave them out. With <see cref="Flush"/>, <see cref="Schedules.Steps.FromEpochs"/> gives the
/// number of updates: its batch size is the number of samples in all micro-batches of an update.</para>
/// <para>The loss scale must be the same for all micro-batches of an update. The scale of a <see cref="LossScaler"/> stays the
/// same, because it changes only when the wrapped optimizer takes a step.</para>
/// <para>A parameter takes part in the update if it had a gradient in any of the micro-batches. After each call the gradient buffers
/// are zero, unless <see cref="GradientAccumulatorOptions.AddsInPlace"/> keeps the sums in them until the update. If the step of the
/// wrapped optimizer throws, the next micro-batch is the first of an update, and the buffers are zero too. Between the micro-batches of
/// an update, a direct step of the wrapped optimizer throws.</para>
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
    private readonly List<GradientSum> _sums = [];
    private readonly AccumulationScale _scale = new();
    private StepGuard _guard;

    /// <summary>Makes an accumulator.</summary>
    /// <param name="optimizer">The optimizer that takes the updates.</param>
    /// <param name="options">The number of micro-batches, and how they are added.</param>
    /// <exception cref="ArgumentException">An argument or an option is invalid, and the message names it; the gradients of two parameters
    /// overlap; or gradients are added in place and no option says that they are zero after an update.</exception>
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
        Parameters.Parts.Add(this);
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
    /// The number of micro-batches in an update, at least 1. Can be changed at any time. If <see cref="Accumulated"/> has
    /// reached the new number already, the next micro-batch is the last of its update.
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

    /// <summary>Whether the sums are kept in the gradient buffers.</summary>
    internal bool AddsInPlace => _options.AddsInPlace;

    /// <summary>Adds the gradients of a micro-batch, and updates the parameters if it is the last of an update.</summary>
    /// <param name="lossScale">The factor that the loss was multiplied by before its gradients were taken, without the scale of the
    /// <see cref="LossScaler"/>. It must be the same for all micro-batches of an update. Default 1.</param>
    /// <inheritdoc cref="ModelOptimizer.Step" path="/exception"/>
    /// <exception cref="ArgumentException">The loss scale differs from that of the earlier micro-batches of the update. In that case
    /// nothing has changed.</exception>
    /// <returns>The report: accumulated, or the outcome of the update.</returns>
    public StepReport Step(LossScale lossScale = default)
    {
        _guard.Enter();
        try
        {
            using GradientScope gradients = Parameters.TakeGradients();
            TakeNewParameters();
            RequireGradientsApart();
            _scale.Require(lossScale, _model?.ScaleOf(default) ?? 1, Accumulated);
            return Accumulated < MicroBatches - 1 ? Accumulate(lossScale) : Finish(lossScale, Accumulated + 1L, flushes: false);
        }
        finally
        {
            _guard.Leave();
            GC.KeepAlive(Parameters);
        }
    }

    /// <summary>
    /// Updates the parameters with the mean, or the sum, of the micro-batches accumulated so far, although they are fewer than
    /// <see cref="MicroBatches"/>. Call it at the end of the data. Gradients that <see cref="Step"/> has not accumulated
    /// are ignored.
    /// </summary>
    /// <returns>The report of the update; <see cref="StepOutcome.NothingToUpdate"/>, with nothing changed, if no micro-batch was
    /// accumulated.</returns>
    /// <inheritdoc cref="ModelOptimizer.Step" path="/exception"/>
    public StepReport Flush()
    {
        _guard.Enter();
        try
        {
            using GradientScope gradients = Parameters.TakeGradients();
            TakeNewParameters();
            RequireGradientsApart();
            if (Accumulated == 0)
            {
                return _optimizer.Flush();
            }

            LossScale lossScale = _scale.LossScale ?? default;
            _scale.Require(lossScale, _model?.ScaleOf(default) ?? 1, Accumulated);
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
    /// Drops the accumulated micro-batches. The next one is then the first of an update. With
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
                foreach (GradientSum sum in _sums)
                {
                    sum.Clear();
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
        bool hasLossScale = contents.Wants(AccumulationScale.Name, here: true);
        contents.Counter("accumulated", () => Accumulated, value =>
        {
            Accumulated = (int)Math.Clamp(value, 0, int.MaxValue);
            _scale.Loaded(hasLossScale);
        });
        contents.Counter("micro_batches", () => MicroBatches, value => MicroBatches = (int)Math.Clamp(value, 1, int.MaxValue));
        if (hasLossScale)
        {
            _scale.Describe(contents, () => Accumulated);
        }

        foreach (GradientSum sum in _sums)
        {
            contents.Tensor($"{sum.Parameter.Name}.accumulated", sum.Parameter.Shape, () => sum.Values);
            contents.Counter(
                $"{sum.Parameter.Name}.has_gradient", () => sum.HasGradient ? 1 : 0, value => sum.HasGradient = value != 0);
        }
    }

    private void RequireZeroing()
    {
        if (_options.AddsInPlace && Parameters.GradientSource is not null)
        {
            throw new ArgumentException(
                $"{nameof(GradientAccumulatorOptions.AddsInPlace)} cannot be set, because the gradients of these parameters come from a {nameof(ParameterSet.GradientSource)}. Leave it false.",
                nameof(GradientAccumulatorOptions.AddsInPlace));
        }

        if (_options.AddsInPlace && !_options.ZeroedByCaller && _model is not { Options.ZeroGradients: true })
        {
            throw new ArgumentException(
                $"{nameof(GradientAccumulatorOptions.AddsInPlace)} needs gradients that are zero after each update; otherwise each update includes the gradients of the one before. "
                + $"Either set {nameof(ModelOptimizerOptions.ZeroGradients)} = true in the options of the {nameof(ModelOptimizer)}; "
                + $"or zero them in your own code after each update, and set {nameof(GradientAccumulatorOptions.ZeroedByCaller)} = true.",
                nameof(GradientAccumulatorOptions.AddsInPlace));
        }
    }

    /// <summary>Shows the number of micro-batches so far, and the wrapped optimizer.</summary>
    public override string ToString() =>
        $"{nameof(GradientAccumulator)}: {TextTable.Number(Accumulated)} of {TextTable.Count(MicroBatches, "micro-batch", "micro-batches")}; {_optimizer}";

    private StepReport Accumulate(LossScale lossScale)
    {
        Fold(intoSums: true);
        Parameters.GradientsUsed();
        Accumulated++;
        return StepReport.WithoutUpdate(StepOutcome.Accumulated, UpdateCount, _model?.ScaleOf(lossScale) ?? lossScale.Factor);
    }

    private StepReport Finish(LossScale lossScale, long microBatches, bool flushes)
    {
        bool returned = false;
        Parameters.GradientsUsed();
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
            foreach (GradientSum sum in _sums)
            {
                sum.Return();
            }

            BeginWindow();

            // If the user's code adds to the buffers, a sum that stays there would be part of the next update.
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
        _scale.Forget();
        foreach (GradientSum sum in _sums)
        {
            sum.HasGradient = false;
        }
    }

    private void TakeNewParameters()
    {
        if (_sums.Count != Parameters.Count)
        {
            Parameters.RequireNoTables(nameof(GradientAccumulator), nameof(Parameters));
            RequireGradientsApart();
            Add([.. Parameters.Skip(_sums.Count)]);
        }
    }

    // A view may have been pointed at other gradients since the last micro-batch.
    private void RequireGradientsApart() => Parameters.RequireGradientsApart("accumulated", nameof(Parameters));

    private void RequireFloatGradients()
    {
        if (Parameters.FirstOrDefault(parameter => parameter.HasRoundedGradients) is { } rounded)
        {
            throw new ArgumentException(
                $"{nameof(GradientAccumulatorOptions.AddsInPlace)} cannot be set, because the gradients of {Quoted.Name(rounded.Name)} are in {rounded.Format.Gradients}, which would round the sums. Leave it false.",
                nameof(GradientAccumulatorOptions.AddsInPlace));
        }
    }

    private void Add(Parameter[] added)
    {
        if (_options.AddsInPlace)
        {
            RequireFloatGradients();
        }

        var pool = new SlotPool(slot: 0, _options.AddsInPlace ? [] : added.Select(parameter => BytesOf(parameter)));
        _sums.AddRange(added.Select(parameter => new GradientSum(
            parameter,
            new OptimizerState(TensorShape.OfVector(parameter.Length), _sum.Definition),
            _options.AddsInPlace ? null : pool.Take(BytesOf(parameter)))));
    }

    private static nuint BytesOf(Parameter parameter) => (nuint)parameter.Length * sizeof(float);

    // One pass adds the gradients to the sums and zeroes them, or adds the sums to the gradients.
    private void Fold(bool intoSums, bool flushes = false)
    {
        _batch.Clear();
        _sum.Clear();
        foreach (GradientSum sum in _sums)
        {
            bool adds;
            if (intoSums)
            {
                adds = !_options.AddsInPlace && sum.Parameter.CanTakePart;
                sum.HasGradient |= sum.Parameter.CanTakePart;
            }
            else
            {
                // The sums themselves become the gradients, so 16-bit gradients of this micro-batch are added to them.
                adds = sum.Parameter is { HasRoundedGradients: true, CanTakePart: true } && !flushes && sum.Address != null;
                sum.HasGradient |= adds;
                if (adds)
                {
                    AddToBatch(sum, intoSums: true);
                }

                adds = sum.Lend(flushes);
            }

            if (adds)
            {
                AddToBatch(sum, intoSums);
            }
        }

        _runner.Apply();
    }

    private void AddToBatch(GradientSum sum, bool intoSums)
    {
        var sums = new NumberBuffer(sum.Address, NumberFormat.Float32);
        NumberBuffer gradients = sum.Parameter.Buffers.Gradients;
        _batch.Add(_sum, sum.State, new ParameterBuffers(intoSums ? sums : gradients, intoSums ? gradients : sums, default, default));
        _batch[_batch.Count - 1].Rule = _sum.AddRule(sum.State, []);
    }
}
