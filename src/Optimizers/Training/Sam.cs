namespace Optimizers.Training;

/// <summary>
/// Sharpness-aware minimisation (SAM): a step of any optimizer with the gradient at a nearby point of higher loss. This leads to
/// flat minima. Each step needs two gradients.
/// </summary>
/// <remarks>
/// <para>Foret, Kleiner, Mobahi &amp; Neyshabur 2021, arXiv 2010.01412, algorithm 1.</para>
/// <code>
/// e = Rho·g/(‖g‖ + 1e-12), Adaptive: e = Rho·p²g/(‖pg‖ + 1e-12), norms over all parameters
/// g' = the gradient at p + e
/// p takes a step of the wrapped optimizer from p, with the gradient g'
/// </code>
/// <para>The norm is summed in double. Parameters that are frozen or have no gradient at the ascent do not count in the norm and do
/// not move in the ascent. If the norm is 0, infinite or NaN, no parameter moves. The second gradient is then the gradient at the
/// parameters themselves, and the wrapped optimizer handles elements that are not finite. Before the update the parameters get back
/// exactly the bits that they had before the ascent.</para>
/// <para>Memory: 4 bytes per parameter, in addition to the state of the wrapped optimizer. Its contents are used within one step
/// only.</para>
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
    /// <exception cref="ArgumentException">An option is out of its range, and the message names it; or the optimizer is or wraps a
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

    /// <summary>Whether the parameters are at the ascended point, between <see cref="Ascend"/> and <see cref="Step(LossScale)"/>.</summary>
    public bool HasAscended { get; private set; }

    /// <summary>The memory of the saved values that the step returns to, in bytes; 0 before the first ascent.</summary>
    public long StateBytes => _origins.Bytes;

    /// <summary>
    /// Moves the parameters up along their gradients, and zeroes all gradients of the set. Compute the gradients again there, then call
    /// <see cref="Step(LossScale)"/>, or <see cref="Withdraw"/> to give up the step. Before one of these calls, direct
    /// steps of the wrapped optimizer throw.
    /// </summary>
    /// <param name="lossScale">The factor that the loss was multiplied by before its gradients were taken, without the scale of the
    /// <see cref="LossScaler"/>. Default 1.</param>
    /// <returns>The norm of the unscaled gradients; in the adaptive form each is multiplied by its weight first.</returns>
    /// <exception cref="ArgumentException">The gradients of two parameters overlap, so they cannot be zeroed.</exception>
    /// <exception cref="InvalidOperationException">The parameters have ascended already, or their values are replaced for
    /// another reason. In that case nothing has changed.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public double Ascend(LossScale lossScale = default)
    {
        using Gate.Turn turn = _gate.Enter();
        CheckBeforeAscent();
        return MoveUp(lossScale);
    }

    /// <summary>
    /// Moves the parameters back to where they were, and takes a step of the wrapped optimizer with the gradients that were computed
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
                $"The parameters have not ascended. Call {nameof(Ascend)} and compute new gradients first, or pass a function that computes them.");
        }

        Return();
        return _optimizer.Step(lossScale);
    }

    /// <summary>Takes a whole step: computes gradients, ascends, computes gradients there, moves back and updates.</summary>
    /// <param name="computeGradients">Computes the gradients at the current values of the parameters, into their buffers. It is called
    /// twice, and the buffers are zero before each call. If it throws, the parameters are where they were, and there is no step.</param>
    /// <param name="lossScale">The factor that the loss is multiplied by before its gradients are taken, without the scale of the
    /// <see cref="LossScaler"/>. Default 1.</param>
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

    /// <summary>
    /// Flushes the wrapped optimizer. Its accumulated gradients were computed at ascended points, so no ascent is needed.
    /// </summary>
    /// <inheritdoc cref="GradientAccumulator.Flush" path="/returns|/exception"/>
    public StepReport Flush()
    {
        using Gate.Turn turn = _gate.Enter();
        Parameters.ValueUse.RequireFree();
        return _optimizer.Flush();
    }

    /// <summary>
    /// Moves the parameters back to where they were before <see cref="Ascend"/>, without a step. Without an ascent it does nothing.
    /// </summary>
    public void Withdraw()
    {
        using Gate.Turn turn = _gate.Enter();
        if (HasAscended)
        {
            Return();
        }
    }

    /// <summary>
    /// Prevents saving and loading a checkpoint between ascent and step. SAM has no state of its own to save. The wrapped optimizer
    /// lists its own state itself.
    /// </summary>
    /// <param name="contents">The list to add to.</param>
    /// <exception cref="InvalidOperationException">The parameters have ascended.</exception>
    public void Describe(CheckpointManifest contents)
    {
        ArgumentNullException.ThrowIfNull(contents);
        const string Down = "false";
        Parameters.ValueUse.RequireFree();
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

    /// <summary>Shows ρ, whether the parameters have ascended, and the wrapped optimizer.</summary>
    public override string ToString() =>
        $"{nameof(Sam)}: ρ = {TextTable.Number(_options.Rho)}{(HasAscended ? ", ascended" : string.Empty)}; {_optimizer}";

    private static AscentRule<TDistance> Ascent<TDistance>(StepScalars step)
        where TDistance : struct, IDistance =>
        new(step.LearningRate);

    private void CheckBeforeAscent()
    {
        Parameters.ValueUse.RequireFree();
        TakeNewParameters();
    }

    private void TakeNewParameters()
    {
        if (_origins.All.Length < Parameters.Count)
        {
            Parameters.RequireNoTables(nameof(Sam), nameof(Parameters));
            Parameters.RequireGradientsApart("zeroed", nameof(Parameters));
        }

        _origins.TakeNewParameters();
    }

    private double MoveUp(LossScale lossScale)
    {
        // The function that computes gradients may have added parameters.
        TakeNewParameters();
        using GradientScope gradients = Parameters.TakeGradients();
        Parameters.RequireGradientsApart("zeroed", nameof(Parameters));
        foreach (AuxiliaryTensor origin in _origins.All)
        {
            origin.TakesPart = origin.Parameter.CanTakePart && origin.Group is not { Frozen: true };
        }

        double divisor = (_model?.ScaleOf(lossScale) ?? lossScale.Factor) * lossScale.MicroBatches;
        double norm = Measure() / divisor;
        if (norm > 0 && double.IsFinite(norm))
        {
            // The rate exceeds a float only if the gradients are denormal.
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
                origin.Parameter.ZeroGradient();
            }
        }

        Parameters.GradientsUsed();
        HasAscended = true;
        Parameters.ValueUse.ReplacedBecause = $"{nameof(Sam)} has ascended. Call its {nameof(Step)} or {nameof(Withdraw)} first.";
        return norm;
    }

    // The products are stored where the ascent will save the values to return to.
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
