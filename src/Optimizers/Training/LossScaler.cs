namespace Optimizers.Training;

/// <summary>
/// Finds, while training goes on, the largest factor for the loss at which gradients in a narrow format do not overflow.
/// </summary>
/// <remarks>
/// <para>Micikevicius et al. 2018, arXiv 1710.03740, section 3.2, in the form of PyTorch's GradScaler, with Megatron-LM's
/// hysteresis. Multiply the loss by <see cref="Scale"/> before you take its gradients; a <see cref="ModelOptimizer"/> that
/// has the scaler in its options unscales them, skips a step whose gradients are not finite, and tells the scaler.</para>
/// <code>
/// good step:  after GrowthInterval of them in a row, Scale ← Scale·GrowthFactor
/// overflow:   Scale ← max(MinimumScale, Scale·BackoffFactor), once Hysteresis is used up
/// </code>
/// <para>The scale stops growing where the product of it, the loss scale of the step beside it and the number of micro-batches
/// would have no inverse that is a normal float.</para>
/// <para>A scaler belongs to the first <see cref="ModelOptimizer"/> that takes a step with it, because each step moves the scale. Two
/// optimizers with losses of their own have a scaler each. Two that share one loss have none in their options: see the
/// example.</para>
/// <para>Factors that are powers of two change no bit of the update. At its floor the scale can do no more, and the optimizer's
/// <see cref="ModelOptimizerOptions.NonFinite"/> decides about gradients that are still not finite.</para>
/// </remarks>
/// <example>
/// Two optimizers that share one loss, both with <see cref="NonFinitePolicy.Skip"/>:
/// <code>
/// var scale = new LossScale(scaler.Scale);
/// ComputeGradients(scale.Factor);
/// scaler.Update(encoder.Step(scale).Outcome, decoder.Step(scale).Outcome);
/// </code>
/// </example>
public sealed class LossScaler : ICheckpointed
{
    private readonly LossScalerOptions _options;
    private long _goodSteps;
    private long _hysteresis;
    private ModelOptimizer? _owner;

    /// <summary>Makes a scaler.</summary>
    /// <param name="options">How the scale grows and falls; null: as in PyTorch.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option, named in the message, is out of its range.</exception>
    public LossScaler(LossScalerOptions? options = null)
    {
        _options = options ?? new LossScalerOptions();
        _options.Validate();
        Scale = _options.InitialScale;
        _hysteresis = _options.Hysteresis;
    }

    /// <summary>What to multiply the next loss by.</summary>
    public double Scale { get; private set; }

    internal LossScalerOptions Options => _options;

    /// <summary>Whether a smaller scale could help.</summary>
    internal bool CanBackOff => Scale > _options.MinimumScale;

    /// <summary>
    /// Tells the scaler what became of a step, or of all steps with gradients of one loss. A <see cref="ModelOptimizer"/> that has
    /// it in its options does so itself.
    /// </summary>
    /// <param name="outcomes">What became of each step: the scale backs off if any was skipped; otherwise they count as one good
    /// step if any was applied.</param>
    public void Update(params ReadOnlySpan<StepOutcome> outcomes)
    {
        StepOutcome outcome = outcomes.Contains(StepOutcome.Skipped) ? StepOutcome.Skipped
            : outcomes.Contains(StepOutcome.Applied) ? StepOutcome.Applied
            : StepOutcome.NothingToUpdate;
        Update(outcome, beside: 1);
    }

    /// <summary>Takes note of a step.</summary>
    /// <param name="outcome">What became of it.</param>
    /// <param name="beside">What gradients are divided by beside the scale.</param>
    internal void Update(StepOutcome outcome, double beside)
    {
        if (outcome == StepOutcome.Applied)
        {
            Grow(beside);
        }
        else if (outcome == StepOutcome.Skipped)
        {
            _goodSteps = 0;
            _hysteresis = Math.Max(0, _hysteresis - 1);
            Scale = _hysteresis == 0 ? Math.Max(_options.MinimumScale, Scale * _options.BackoffFactor) : Scale;
        }
    }

    /// <summary>The scale, and how many good steps it is from growing.</summary>
    public override string ToString() =>
        $"{nameof(LossScaler)}: scale {TextTable.Number(Scale)}, {TextTable.Number(_goodSteps)} of "
        + $"{TextTable.Number(_options.GrowthInterval)} good steps to the next growth";

    /// <inheritdoc/>
    public void Describe(CheckpointManifest contents)
    {
        ArgumentNullException.ThrowIfNull(contents);
        contents.Options(_options);
        contents.Counter("good_steps", () => _goodSteps, value => _goodSteps = value);
        contents.Counter("hysteresis", () => _hysteresis, value => _hysteresis = value);
        contents.Scalar("scale", () => Scale, scale => Scale = Require.IsScale(scale) ? scale : _options.InitialScale);
    }

    /// <summary>Refuses a second owner, whose gradients would be divided by a scale that the first one's step has moved.</summary>
    internal void ClaimFor(ModelOptimizer optimizer)
    {
        ModelOptimizer? owner = Interlocked.CompareExchange(ref _owner, optimizer, null);
        if (owner is not null && owner != optimizer)
        {
            throw new InvalidOperationException(string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"The {nameof(LossScaler)} in the options of this optimizer belongs to another model optimizer, which has taken steps with it, and each step moves the scale. Give this optimizer a {nameof(LossScaler)} of its own (to go on from the other's scale: {nameof(LossScalerOptions.InitialScale)} = {Scale}). If both have gradients of one loss: leave {nameof(ModelOptimizerOptions.LossScaler)} out of the options of both, set {nameof(ModelOptimizerOptions.NonFinite)} to {nameof(NonFinitePolicy)}.{nameof(NonFinitePolicy.Skip)}, pass new {nameof(LossScale)}(scaler.{nameof(Scale)}) to both steps, and call scaler.{nameof(Update)} with both outcomes once a round."));
        }
    }

    private void Grow(double beside)
    {
        if (++_goodSteps < _options.GrowthInterval)
        {
            return;
        }

        _goodSteps = 0;
        _hysteresis = _options.Hysteresis;
        double grown = Scale * _options.GrowthFactor;
        Scale = Require.IsScale(grown) && Require.IsScale(grown * beside) ? grown : Scale;
    }
}
