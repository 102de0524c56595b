namespace Optimizers;

/// <summary>
/// A learning-rate schedule: a pure function of the index of the update. It has no counter, so it may be asked for any
/// index in any order, and there is nothing to save; <see cref="Schedules.ReduceOnPlateau"/>, which follows a metric, is
/// the exception. <see cref="ParameterGroup"/> takes one for the momentum and one for the decay too. A schedule of your own that has
/// state implements <see cref="ICheckpointed"/>, and is saved with the optimizer then; it lists the state of schedules within it too.
/// </summary>
public interface ILrSchedule
{
    /// <summary>The rate that an update uses.</summary>
    /// <param name="step">The index k of the update, counted from 0: the first update of a run uses <c>At(0)</c>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The index is negative.</exception>
    double At(long step);
}
