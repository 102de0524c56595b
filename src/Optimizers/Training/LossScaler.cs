namespace Optimizers.Training;

/// <summary>
/// Dynamic loss scaling: finds, during training, the largest factor for the loss at which gradients in a narrow format do not overflow.
/// </summary>
/// <remarks>
/// <para>Micikevicius et al. 2018, arXiv 1710.03740, section 3.2, in the form of PyTorch's GradScaler, with Megatron-LM's
/// hysteresis. Multiply the loss by <see cref="Scale"/> before you take its gradients. A <see cref="ModelOptimizer"/> with the scaler
/// in its options divides the gradients by the scale, skips a step whose gradients are not finite, and updates the scaler.</para>
/// <code>
/// good step:  after GrowthInterval good steps in a row, Scale ← Scale·GrowthFactor
/// overflow:   from number Hysteresis on, counted since Scale last grew, Scale ← max(MinimumScale, Scale·BackoffFactor)
/// </code>
/// <para>The gradients are divided by the product of the scale, the loss scale of the step and the number of micro-batches. The
/// scale stops growing when the inverse of this product would no longer be a normal float.</para>
/// <para>A scaler belongs to the first <see cref="ModelOptimizer"/> that takes a step with it, because each step changes the scale.
/// Two optimizers with separate losses need a scaler each. Two optimizers that share one loss leave the scaler out of their
/// options: see the example.</para>
/// <para>Factors that are powers of two do not change any bit of the update. If gradients are still not finite when the scale is at
/// <see cref="LossScalerOptions.MinimumScale"/>, the optimizer's <see cref="ModelOptimizerOptions.NonFinite"/> applies.</para>
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
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range; the message names it.</exception>
    public LossScaler(LossScalerOptions? options = null)
    {
        _options = options ?? new LossScalerOptions();
        _options.Validate();
        Scale = _options.InitialScale;
        _hysteresis = _options.Hysteresis;
    }

    /// <summary>The factor to multiply the next loss by.</summary>
    public double Scale { get; private set; }

    internal LossScalerOptions Options => _options;

    /// <summary>Whether the scale can still become smaller.</summary>
    internal bool CanBackOff => Scale > _options.MinimumScale;

    /// <summary>
    /// Updates the scale after a step, or after all steps that used gradients of the same loss. A <see cref="ModelOptimizer"/> with the
    /// scaler in its options calls this itself.
    /// </summary>
    /// <param name="outcomes">The outcome of each step. The scale backs off if any step was skipped. Otherwise the steps count as one
    /// good step if any was applied.</param>
    public void Update(params ReadOnlySpan<StepOutcome> outcomes)
    {
        StepOutcome outcome = outcomes.Contains(StepOutcome.Skipped) ? StepOutcome.Skipped
            : outcomes.Contains(StepOutcome.Applied) ? StepOutcome.Applied
            : StepOutcome.NothingToUpdate;
        Update(outcome, beside: 1);
    }

    /// <summary>Updates the scale after a step.</summary>
    /// <param name="outcome">The outcome of the step.</param>
    /// <param name="beside">The number that gradients are divided by in addition to the scale.</param>
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

    /// <summary>Shows the scale, and the number of good steps until it grows.</summary>
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

    /// <summary>Throws for a second optimizer: its gradients would be divided by a scale that the first one's step has changed.</summary>
    internal void ClaimFor(ModelOptimizer optimizer)
    {
        ModelOptimizer? owner = Interlocked.CompareExchange(ref _owner, optimizer, null);
        if (owner is not null && owner != optimizer)
        {
            throw new InvalidOperationException(string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"The {nameof(LossScaler)} in the options of this optimizer belongs to another model optimizer, which has taken steps with it. Each step changes the scale, so two optimizers cannot share it. Give this optimizer a {nameof(LossScaler)} of its own (to start from the other's scale: {nameof(LossScalerOptions.InitialScale)} = {Scale}). If both optimizers use gradients of one loss: leave {nameof(ModelOptimizerOptions.LossScaler)} out of the options of both, set {nameof(ModelOptimizerOptions.NonFinite)} to {nameof(NonFinitePolicy)}.{nameof(NonFinitePolicy.Skip)}, pass new {nameof(LossScale)}(scaler.{nameof(Scale)}) to both steps, and call scaler.{nameof(Update)} once with both outcomes after each pair of steps."));
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
