namespace Optimizers.Schedules;

/// <summary>A schedule that uses other schedules.</summary>
internal interface IComposedSchedule : ILrSchedule
{
    /// <summary>The schedules that it uses.</summary>
    IEnumerable<ILrSchedule> Parts { get; }
}

/// <summary>Finds the parts of a schedule that a checkpoint must save.</summary>
internal static class ScheduleState
{
    /// <summary>The schedules with state in a schedule and all its parts, in a fixed order.</summary>
    public static IEnumerable<ICheckpointed> Of(ILrSchedule? schedule) => schedule switch
    {
        // A schedule that saves its own state also saves the state of its parts.
        ICheckpointed checkpointed => [checkpointed],
        IComposedSchedule composed => composed.Parts.SelectMany(Of),
        _ => [],
    };
}
