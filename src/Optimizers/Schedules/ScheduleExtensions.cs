namespace Optimizers.Schedules;

/// <summary>Combines schedules. If the parts are pure functions of the index, so is the combination: it can be evaluated at
/// any index.</summary>
/// <example>
/// <code>
/// ILrSchedule schedule = new StepDecay(0.1, 30).InEpochs(stepsPerEpoch: 500).WithWarmup(1_000).Clamp(1e-4, 1);
/// </code>
/// </example>
public static class ScheduleExtensions
{
    /// <summary>Adds a linear warmup: a rise to the first rate of a schedule, and then the schedule from its index 0.</summary>
    /// <remarks><code>v(k) = start + (inner(0) − start)·k/steps for k &lt; steps, inner(k − steps) afterwards</code></remarks>
    /// <param name="schedule">The schedule after the warmup.</param>
    /// <param name="steps">The number of updates of the warmup, at least 0.</param>
    /// <param name="start">The rate of the first update. Finite, at least 0; default 0.</param>
    /// <exception cref="ArgumentException">An argument is null or out of its range.</exception>
    public static ILrSchedule WithWarmup(this ILrSchedule schedule, long steps, double start = 0)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        return new Warmup(schedule, steps, start);
    }

    /// <summary>Multiplies a schedule by a factor.</summary>
    /// <param name="schedule">The schedule.</param>
    /// <param name="factor">The factor. Finite, at least 0.</param>
    /// <exception cref="ArgumentException">An argument is null or out of its range.</exception>
    public static ILrSchedule Scale(this ILrSchedule schedule, double factor)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        Require.NonNegative(factor);
        return new Product(schedule, new Constant(factor));
    }

    /// <summary>Multiplies two schedules, for example a rate and a changing factor.</summary>
    /// <param name="schedule">The first schedule.</param>
    /// <param name="other">The second schedule.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static ILrSchedule Times(this ILrSchedule schedule, ILrSchedule other)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        ArgumentNullException.ThrowIfNull(other);
        return new Product(schedule, other);
    }

    /// <summary>Limits a schedule to a range.</summary>
    /// <param name="schedule">The schedule.</param>
    /// <param name="minimum">The lowest rate. Finite, at least 0.</param>
    /// <param name="maximum">The highest rate. Finite, at least <paramref name="minimum"/>.</param>
    /// <exception cref="ArgumentException">An argument is null or out of its range.</exception>
    public static ILrSchedule Clamp(this ILrSchedule schedule, double minimum, double maximum)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        return new Clamp(schedule, minimum, maximum);
    }

    /// <summary>Shifts a schedule, so that it begins later or in the middle.</summary>
    /// <remarks>
    /// <code>v(k) = inner(max(k − steps, 0))</code>
    /// <para>Before the shifted schedule begins, its first rate applies. A negative number skips that many updates of the
    /// schedule.</para>
    /// </remarks>
    /// <param name="schedule">The schedule.</param>
    /// <param name="steps">The number of updates by which to shift; may be negative.</param>
    /// <exception cref="ArgumentNullException">The schedule is null.</exception>
    public static ILrSchedule Shift(this ILrSchedule schedule, long steps)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        return new Shift(schedule, steps);
    }

    /// <summary>Turns a schedule of epochs into a schedule of updates; its index is the number of completed epochs.</summary>
    /// <remarks><code>v(k) = inner(⌊k/stepsPerEpoch⌋)</code></remarks>
    /// <param name="schedule">The schedule of epochs.</param>
    /// <param name="stepsPerEpoch">The number of updates in an epoch, at least 1; see <see cref="Steps.PerEpoch"/>.</param>
    /// <exception cref="ArgumentException">An argument is null or out of its range.</exception>
    public static ILrSchedule InEpochs(this ILrSchedule schedule, long stepsPerEpoch)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        return new Epochs(schedule, stepsPerEpoch, inEpochs: true);
    }

    /// <summary>Makes a schedule of updates change only between epochs: all updates of an epoch use the rate of its first
    /// update.</summary>
    /// <remarks><code>v(k) = inner(⌊k/stepsPerEpoch⌋·stepsPerEpoch)</code></remarks>
    /// <param name="schedule">The schedule of updates.</param>
    /// <param name="stepsPerEpoch">The number of updates in an epoch, at least 1; see <see cref="Steps.PerEpoch"/>.</param>
    /// <exception cref="ArgumentException">An argument is null or out of its range.</exception>
    public static ILrSchedule PerEpoch(this ILrSchedule schedule, long stepsPerEpoch)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        return new Epochs(schedule, stepsPerEpoch, inEpochs: false);
    }

    /// <summary>Switches from one schedule to another at an index; the second schedule starts at its index 0.</summary>
    /// <remarks>For more than two schedules, use a <see cref="Sequence"/>.</remarks>
    /// <param name="schedule">The first schedule.</param>
    /// <param name="step">The index at which the second schedule begins, at least 0.</param>
    /// <param name="next">The second schedule.</param>
    /// <exception cref="ArgumentException">An argument is null or out of its range.</exception>
    public static ILrSchedule Then(this ILrSchedule schedule, long step, ILrSchedule next)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        Require.AtLeast(step, 0);
        ArgumentNullException.ThrowIfNull(next);
        return new Sequence([schedule, next], [step]);
    }
}
