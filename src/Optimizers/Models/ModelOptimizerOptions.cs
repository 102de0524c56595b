using System.Diagnostics.Metrics;

namespace Optimizers;

/// <summary>What happens around the update of a model.</summary>
public sealed record ModelOptimizerOptions
{
    /// <summary>What the model is called in measurements. Default "model".</summary>
    public string Name { get; init; } = "model";

    /// <summary>
    /// Makes the meter that steps publish through, as an application with dependency injection has it. Default null: a meter
    /// that all models of the process share.
    /// </summary>
    public IMeterFactory? MeterFactory { get; init; }

    /// <summary>The schedule of the rate for all groups without one of their own. Default null: the rates of the groups' options.</summary>
    public ILrSchedule? Schedule { get; init; }

    /// <summary>
    /// How gradients are clipped: <see cref="ClipByGlobalNorm"/> is usual, and <see cref="IGradientClip"/> says how to write a clip of
    /// your own. Default null: not at all.
    /// </summary>
    public IGradientClip? Clip { get; init; }

    /// <summary>
    /// What to do about a gradient that is NaN or infinite, or that would make a parameter or its state so. Default <see cref="NonFinitePolicy.Throw"/>: it would get into the
    /// moments and stay there. With clipping by a norm the check costs nothing; without, a pass that reads the gradients.
    /// </summary>
    public NonFinitePolicy NonFinite { get; init; }

    /// <summary>
    /// How many steps in a row may be skipped for gradients that are not finite; the next one throws. At least 0; default 100.
    /// </summary>
    public int MaximumConsecutiveSkips { get; init; } = 100;

    /// <summary>
    /// Scales the loss: multiply it by the scaler's <see cref="LossScaler.Scale"/>. Steps unscale the gradients, and skip those
    /// that overflowed. Default null: the scale is 1. A scaler belongs to the first optimizer that takes a step with it, and the
    /// steps of another one are refused: see the remarks of <see cref="Training.LossScaler"/>.
    /// </summary>
    public LossScaler? LossScaler { get; init; }

    /// <summary>
    /// Whether a step leaves all gradients of the set zero, for code that adds to them; done while they are in registers, and
    /// also when the step is skipped. Default false. Gradient buffers may not overlap then.
    /// </summary>
    public bool ZeroGradients { get; init; }

    /// <summary>
    /// Whether steps measure how far each parameter moves, for <see cref="StepReport.LargestUpdateRatio"/> and
    /// <see cref="ModelOptimizer.UpdateRatioOf"/>. Default false; it takes about as long as half a step.
    /// </summary>
    public bool MeasureUpdates { get; init; }

    /// <summary>
    /// The number of threads that a step uses at most; 0, the default: as many as there are processors. Small models stay
    /// on the caller's thread; the result is the same bits in any case.
    /// </summary>
    public int Threads { get; init; }

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Name);
        Require.AtLeast(Threads, 0);
        Require.AtLeast(MaximumConsecutiveSkips, 0);
        if (Clip is not null)
        {
            ClipCalls.Check(Clip, nameof(Clip));
        }

        if (!Enum.IsDefined(NonFinite))
        {
            throw new ArgumentOutOfRangeException(nameof(NonFinite), NonFinite, $"{nameof(NonFinite)} is no {nameof(NonFinitePolicy)}.");
        }
    }
}
