namespace Optimizers;

/// <summary>
/// A learning-rate schedule: a pure function of the update index.
/// </summary>
/// <remarks>
/// A schedule has no counter, so <see cref="At"/> can be called with any index in any order, and a checkpoint saves nothing of
/// it. <see cref="Schedules.ReduceOnPlateau"/> is the exception, because it follows a metric. A <see cref="ParameterGroup"/> also
/// accepts a schedule for its momentum and one for its weight decay. If a schedule of your own has state, implement
/// <see cref="ICheckpointed"/>: the state is then saved with the optimizer. Its state must include the state of any inner
/// schedules.
/// </remarks>
public interface ILrSchedule
{
    /// <summary>The learning rate of an update.</summary>
    /// <param name="step">The index k of the update, counted from 0: the first update of a run uses <c>At(0)</c>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The index is negative.</exception>
    double At(long step);
}
