using System.Diagnostics.Metrics;

namespace Optimizers;

/// <summary>The options of a <see cref="ModelOptimizer"/>: schedule, clipping, loss scale, checks of gradients,
/// threads.</summary>
public sealed record ModelOptimizerOptions
{
    /// <summary>The name of the model in metrics. Default "model".</summary>
    public string Name { get; init; } = "model";

    /// <summary>
    /// Creates the meter through which steps publish metrics; an application with dependency injection has one. Default null:
    /// all models of the process share one meter.
    /// </summary>
    public IMeterFactory? MeterFactory { get; init; }

    /// <summary>The rate schedule of all groups without their own. Default null: the groups use the rates of their
    /// options.</summary>
    public ILrSchedule? Schedule { get; init; }

    /// <summary>
    /// The gradient clip, usually <see cref="ClipByGlobalNorm"/>; <see cref="IGradientClip"/> describes how to write your own.
    /// Default null: no clipping.
    /// </summary>
    public IGradientClip? Clip { get; init; }

    /// <summary>
    /// What a step does if a gradient is NaN or infinite, or would make a parameter or its state NaN or infinite. Default
    /// <see cref="NonFinitePolicy.Throw"/>, because such a value would enter the moments and stay there. The check is free if
    /// a norm is computed for clipping; otherwise it is one pass that reads the gradients.
    /// </summary>
    public NonFinitePolicy NonFinite { get; init; }

    /// <summary>
    /// The number of consecutive steps that may be skipped because of their gradients; the next step that would be skipped
    /// throws. At least 0; default 100.
    /// </summary>
    public int MaximumConsecutiveSkips { get; init; } = 100;

    /// <summary>
    /// The loss scaler; multiply the loss by its <see cref="LossScaler.Scale"/>. A step divides the gradients by the scale; a
    /// step with gradients that overflowed is skipped. Default null: the scale is 1. A scaler belongs to the first optimizer
    /// that takes a step with it; a step of another optimizer throws (see the remarks of <see cref="Training.LossScaler"/>).
    /// </summary>
    public LossScaler? LossScaler { get; init; }

    /// <summary>
    /// Whether a step sets all gradients of the set to zero, for code that adds new gradients to the old ones. This happens in
    /// the pass of the update, and also if the step is skipped. Default false. If true, gradient buffers must not overlap.
    /// </summary>
    public bool ZeroGradients { get; init; }

    /// <summary>
    /// Whether steps measure how far each parameter moves, for <see cref="StepReport.LargestUpdateRatio"/> and
    /// <see cref="ModelOptimizer.UpdateRatioOf"/>. Default false; it takes about as long as half a step.
    /// </summary>
    public bool MeasureUpdates { get; init; }

    /// <summary>
    /// The largest number of threads of a step; 0 means one thread for each processor. At least 0; default 0. A small model
    /// uses only the caller's thread. The result has the same bits for every number of threads.
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
            throw new ArgumentOutOfRangeException(nameof(NonFinite), NonFinite, $"{nameof(NonFinite)} is {NonFinite}, which is not a {nameof(NonFinitePolicy)}. Use {nameof(NonFinitePolicy.Throw)}, {nameof(NonFinitePolicy.Skip)} or {nameof(NonFinitePolicy.Propagate)}.");
        }
    }
}
