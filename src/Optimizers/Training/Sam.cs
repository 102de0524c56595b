namespace Optimizers.Training;

/// <summary>
/// Sharpness-aware minimisation: a step of any optimizer along the gradient that is found a little way up the loss, which
/// leads to flat minima. It takes two gradients for a step.
/// </summary>
/// <remarks>
/// <para>Foret, Kleiner, Mobahi &amp; Neyshabur 2021, arXiv 2010.01412, algorithm 1.</para>
/// <code>
/// e = Rho·g/(‖g‖ + 1e-12), Adaptive: e = Rho·p²g/(‖pg‖ + 1e-12), norms over all parameters
/// g' = the gradient at p + e
/// p takes a step of the optimizer within, along g' from p
/// </code>
/// <para>The norm is summed in double. Parameters that are frozen or have no gradient at the ascent do not count in it and
/// stay where they are. Where the norm is 0, infinite or NaN nothing moves, so that the second gradient is that of the
/// parameters, and what is not finite is for the optimizer within to deal with. Afterwards the parameters have every bit
/// that they had before.</para>
/// <para>Memory: 4 bytes per parameter beside those of the optimizer within. Nothing of it lasts from step to step.</para>
/// </remarks>
/// <example>
/// With a function that computes gradients, or in two calls:
/// <code>
/// optimizer.Step(() => ComputeGradients());
///
/// ComputeGradients();
/// optimizer.Ascend();
/// ComputeGradients();
/// optimizer.Step();
/// </code>
/// </example>
public sealed class Sam : IModelOptimizer, ICheckpointed
{
    private static readonly Predicate<AuxiliaryTensor> _ascending = tensor => tensor.TakesPart;

    private readonly IModelOptimizer _optimizer;
    private readonly ModelOptimizer? _model;
    private readonly SamOptions _options;
    private readonly AuxiliaryTensors _origins;
    private readonly GroupStep _weighing = new SetPass<WeighingRule, ScaledGradient, ReadOnlyParameter, Float32>(_ => default);
    private readonly GroupStep _ascent;
    private readonly GroupStep _return = new SetPass<ReturnRule, NoGradient, DecoupledDecay, ReadOnlyStorage<Float32>>(_ => default);
    private readonly Gate _gate = new("This Sam");

    /// <summary>Wraps an optimizer.</summary>
    /// <param name="optimizer">The optimizer that takes the steps.</param>
    /// <param name="options">The options; null: the defaults.</param>
    /// <exception cref="ArgumentNullException">The optimizer is null.</exception>
    /// <exception cref="ArgumentException">An option, named in the message, is out of its range; or the optimizer is or wraps a
    /// <see cref="GradientAccumulator"/> that keeps its sums in the gradient buffers.</exception>
    public Sam(IModelOptimizer optimizer, SamOptions? options = null)
        : this(optimizer, options ?? new(), widestLane: 0)
    {
    }

    internal Sam(IModelOptimizer optimizer, SamOptions options, int widestLane)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        Require.NonNegative(options.Rho, nameof(options.Rho));
        Require.AtLeast(options.Threads, 0, nameof(options.Threads));
        optimizer.RequireNoSumsInGradients(nameof(Sam));
        _optimizer = optimizer;
        _model = optimizer.Innermost();
        _options = options;
        _origins = new AuxiliaryTensors(optimizer.Parameters, optimizer.Groups, "origin", options.Threads, widestLane);
        _ascent = options.Adaptive
            ? new SetPass<AscentRule<ByWeight>, ZeroedGradient, DecoupledDecay, Float32>(Ascent<ByWeight>)
            : new SetPass<AscentRule<Evenly>, ZeroedGradient, DecoupledDecay, Float32>(Ascent<Evenly>);
    }

    /// <inheritdoc/>
    public ParameterSet Parameters => _optimizer.Parameters;

    /// <inheritdoc/>
    public long UpdateCount => _optimizer.UpdateCount;

    /// <inheritdoc/>
    public IReadOnlyList<ParameterGroup> Groups => _optimizer.Groups;

    /// <inheritdoc/>
    public IModelOptimizer? Inner => _optimizer;

    /// <summary>Whether the parameters are up the loss, between <see cref="Ascend"/> and <see cref="Step(LossScale)"/>.</summary>
    public bool HasAscended { get; private set; }

    /// <summary>The memory that the places to return to take, in bytes; none before the first ascent.</summary>
    public long StateBytes => _origins.Bytes;

    /// <summary>
    /// Moves the parameters up along their gradients, and zeroes all gradients of the set: for the caller to compute them
    /// anew there and to call <see cref="Step(LossScale)"/>, or <see cref="Withdraw"/> to give up. Steps of the optimizer within
    /// that do not go through here are refused meanwhile.
    /// </summary>
    /// <param name="lossScale">What the loss was multiplied by before its gradients were taken, beside the scale of the
    /// <see cref="LossScaler"/>; left out: 1.</param>
    /// <returns>The norm of the unscaled gradients, each times its weight if adaptive.</returns>
    /// <exception cref="ArgumentException">Gradients overlap, and cannot be zeroed.</exception>
    /// <exception cref="InvalidOperationException">The parameters have ascended already, or do not hold their own values for
    /// another reason. Nothing has changed then.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public double Ascend(LossScale lossScale = default)
    {
        using Gate.Turn turn = _gate.Enter();
        CheckBeforeAscent();
        return MoveUp(lossScale);
    }

    /// <summary>
    /// Puts the parameters back where they were, and takes a step of the optimizer within along the gradients that were found
    /// after <see cref="Ascend"/>.
    /// </summary>
    /// <inheritdoc cref="ModelOptimizer.Step" path="/param|/returns"/>
    /// <exception cref="InvalidOperationException"><see cref="Ascend"/> has not been called, or a step is under way.</exception>
    public StepReport Step(LossScale lossScale = default)
    {
        using Gate.Turn turn = _gate.Enter();
        if (!HasAscended)
        {
            throw new InvalidOperationException(
                $"Call {nameof(Ascend)} and compute new gradients first, or pass a function that computes them.");
        }

        Return();
        return _optimizer.Step(lossScale);
    }

    /// <summary>Does everything: gradients, ascent, gradients there, return and step.</summary>
    /// <param name="computeGradients">Computes the gradients of the parameters as they are, into their buffers, which are zero
    /// each time. Called twice. If it throws, the parameters are where they were, and there is no step.</param>
    /// <param name="lossScale">What the loss is multiplied by before its gradients are taken, beside the scale of the
    /// <see cref="LossScaler"/>; left out: 1.</param>
    /// <inheritdoc cref="ModelOptimizer.Step" path="/returns"/>
    /// <inheritdoc cref="Ascend" path="/exception"/>
    public StepReport Step(Action computeGradients, LossScale lossScale = default)
    {
        ArgumentNullException.ThrowIfNull(computeGradients);
        using Gate.Turn turn = _gate.Enter();
        CheckBeforeAscent();
        Parameters.ZeroGradients();
        computeGradients();
        MoveUp(lossScale);
        try
        {
            computeGradients();
        }
        finally
        {
            Return();
        }

        return _optimizer.Step(lossScale);
    }

    /// <summary>Flushes the optimizer within: the gradients that were accumulated there have been taken up the loss already.</summary>
    /// <inheritdoc cref="GradientAccumulator.Flush" path="/returns|/exception"/>
    public StepReport Flush()
    {
        using Gate.Turn turn = _gate.Enter();
        Parameters.ValueUse.RequireOwn();
        return _optimizer.Flush();
    }

    /// <summary>Puts the parameters back where they were before <see cref="Ascend"/>, without a step; else does nothing.</summary>
    public void Withdraw()
    {
        using Gate.Turn turn = _gate.Enter();
        if (HasAscended)
        {
            Return();
        }
    }

    /// <summary>
    /// Makes sure that no checkpoint is taken, or loaded, between ascent and step; there is nothing else to keep. What the
    /// optimizer within has to keep, it lists itself.
    /// </summary>
    /// <param name="contents">Takes the list.</param>
    /// <exception cref="InvalidOperationException">The parameters have ascended.</exception>
    public void Describe(CheckpointManifest contents)
    {
        ArgumentNullException.ThrowIfNull(contents);
        const string Down = "false";
        Parameters.ValueUse.RequireOwn();
        contents.Options(_options, "threads");
        contents.Value(
            "ascended",
            () =>
            {
                Parameters.ValueUse.RequireNotReplaced();
                return Down;
            },
            found =>
            {
                Parameters.ValueUse.RequireNotReplaced();
                return found == Down ? () => { } : throw new FormatException($"Expected {Down}, but found {found}.");
            });
    }

    /// <summary>The distance, whether the parameters have ascended, and the optimizer within.</summary>
    public override string ToString() =>
        $"{nameof(Sam)}: ρ = {TextTable.Number(_options.Rho)}{(HasAscended ? ", ascended" : string.Empty)}; {_optimizer}";

    private static AscentRule<TDistance> Ascent<TDistance>(StepScalars step)
        where TDistance : struct, IDistance =>
        new(step.LearningRate);

    private void CheckBeforeAscent()
    {
        Parameters.ValueUse.RequireOwn();
        TakeNewParameters();
    }

    private void TakeNewParameters()
    {
        if (_origins.All.Length < Parameters.Count)
        {
            Parameters.RequireNoTables("ascended along", nameof(Parameters));
            Parameters.RequireGradientsApart("zeroed", nameof(Parameters));
        }

        _origins.TakeNewParameters();
    }

    private double MoveUp(LossScale lossScale)
    {
        // The function that computes gradients may have added some.
        TakeNewParameters();
        foreach (AuxiliaryTensor origin in _origins.All)
        {
            origin.TakesPart = origin.Parameter.HasGradient && origin.Group is not { Frozen: true };
        }

        double divisor = (_model?.ScaleOf(lossScale) ?? lossScale.Factor) * lossScale.MicroBatches;
        double norm = Measure() / divisor;
        if (norm > 0 && double.IsFinite(norm))
        {
            // Gradients so small that this is beyond a float are denormal ones.
            double rate = Math.Min(_options.Rho / (norm + 1e-12) / divisor, float.MaxValue);
            _origins.Run(_ascent, _ascending, rate);
        }
        else
        {
            foreach (AuxiliaryTensor origin in _origins.All)
            {
                origin.TakesPart = false;
            }
        }

        foreach (AuxiliaryTensor origin in _origins.All)
        {
            if (!origin.TakesPart)
            {
                origin.Parameter.Gradients.Clear();
            }
        }

        HasAscended = true;
        Parameters.ValueUse.ReplacedBecause = $"{nameof(Sam)} has ascended. Call its {nameof(Step)} or {nameof(Withdraw)} first.";
        return norm;
    }

    // Products go where the places to return to will be.
    private double Measure()
    {
        if (!_options.Adaptive)
        {
            return _origins.NormOfGradients(_ascending);
        }

        _origins.Run(_weighing, _ascending);
        return _origins.NormOfTensors(_ascending);
    }

    private void Return()
    {
        HasAscended = false;
        Parameters.ValueUse.ReplacedBecause = null;
        if (!Parameters.IsDisposed)
        {
            _origins.Run(_return, _ascending);
        }
    }
}
