namespace Optimizers.Schedules;

/// <summary>Schedules made out of schedules. Each is as pure and as random in access as what it is made of.</summary>
/// <example>
/// <code>
/// ILrSchedule schedule = new StepDecay(0.1, 30).InEpochs(stepsPerEpoch: 500).WithWarmup(1_000).Clamp(1e-4, 1);
/// </code>
/// </example>
public static class ScheduleExtensions
{
    /// <summary>A line up to where a schedule begins, and then the schedule from its own beginning.</summary>
    /// <remarks><code>v(k) = start + (inner(0) − start)·k/steps for k &lt; steps, inner(k − steps) afterwards</code></remarks>
    /// <param name="schedule">The schedule that follows.</param>
    /// <param name="steps">The number of updates before it begins, at least 0.</param>
    /// <param name="start">The rate of the first update. Finite, at least 0; default 0.</param>
    /// <exception cref="ArgumentException">An argument is null or out of its range.</exception>
    public static ILrSchedule WithWarmup(this ILrSchedule schedule, long steps, double start = 0)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        return new Warmup(schedule, steps, start);
    }

    /// <summary>A schedule times a factor.</summary>
    /// <param name="schedule">The schedule.</param>
    /// <param name="factor">The factor. Finite, at least 0.</param>
    /// <exception cref="ArgumentException">An argument is null or out of its range.</exception>
    public static ILrSchedule Scale(this ILrSchedule schedule, double factor)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        Require.NonNegative(factor);
        return new Product(schedule, new Constant(factor));
    }

    /// <summary>The product of two schedules: a rate and a factor that changes.</summary>
    /// <param name="schedule">The one.</param>
    /// <param name="other">The other.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static ILrSchedule Times(this ILrSchedule schedule, ILrSchedule other)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        ArgumentNullException.ThrowIfNull(other);
        return new Product(schedule, other);
    }

    /// <summary>A schedule that is kept within bounds.</summary>
    /// <param name="schedule">The schedule.</param>
    /// <param name="minimum">The lowest rate. Finite, at least 0.</param>
    /// <param name="maximum">The highest rate. Finite, at least <paramref name="minimum"/>.</param>
    /// <exception cref="ArgumentException">An argument is null or out of its range.</exception>
    public static ILrSchedule Clamp(this ILrSchedule schedule, double minimum, double maximum)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        return new Clamp(schedule, minimum, maximum);
    }

    /// <summary>A schedule that begins later, or in the middle.</summary>
    /// <remarks>
    /// <code>v(k) = inner(max(k − steps, 0))</code>
    /// <para>Its first rate is held until it begins. With a negative number it begins as if so many updates were over.</para>
    /// </remarks>
    /// <param name="schedule">The schedule.</param>
    /// <param name="steps">By how many updates.</param>
    /// <exception cref="ArgumentNullException">The schedule is null.</exception>
    public static ILrSchedule Shift(this ILrSchedule schedule, long steps)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        return new Shift(schedule, steps);
    }

    /// <summary>A schedule of epochs, to be asked for updates: its index counts the epochs that are over.</summary>
    /// <remarks><code>v(k) = inner(⌊k/stepsPerEpoch⌋)</code></remarks>
    /// <param name="schedule">The schedule of epochs.</param>
    /// <param name="stepsPerEpoch">The number of updates in an epoch, at least 1; see <see cref="Steps.PerEpoch"/>.</param>
    /// <exception cref="ArgumentException">An argument is null or out of its range.</exception>
    public static ILrSchedule InEpochs(this ILrSchedule schedule, long stepsPerEpoch)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        return new Epochs(schedule, stepsPerEpoch, inEpochs: true);
    }

    /// <summary>A schedule of updates whose rate changes between epochs only: that of an epoch's first update holds for all of it.</summary>
    /// <remarks><code>v(k) = inner(⌊k/stepsPerEpoch⌋·stepsPerEpoch)</code></remarks>
    /// <param name="schedule">The schedule of updates.</param>
    /// <param name="stepsPerEpoch">The number of updates in an epoch, at least 1; see <see cref="Steps.PerEpoch"/>.</param>
    /// <exception cref="ArgumentException">An argument is null or out of its range.</exception>
    public static ILrSchedule PerEpoch(this ILrSchedule schedule, long stepsPerEpoch)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        return new Epochs(schedule, stepsPerEpoch, inEpochs: false);
    }

    /// <summary>A schedule, and from an index on another one, from its own beginning.</summary>
    /// <remarks>For more than two, make a <see cref="Sequence"/>.</remarks>
    /// <param name="schedule">The first.</param>
    /// <param name="step">The index at which the second begins, at least 0.</param>
    /// <param name="next">The second.</param>
    /// <exception cref="ArgumentException">An argument is null or out of its range.</exception>
    public static ILrSchedule Then(this ILrSchedule schedule, long step, ILrSchedule next)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        Require.AtLeast(step, 0);
        ArgumentNullException.ThrowIfNull(next);
        return new Sequence([schedule, next], [step]);
    }
}
