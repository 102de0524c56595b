namespace Optimizers.Schedules;

/// <summary>A schedule that asks other schedules.</summary>
internal interface IComposedSchedule : ILrSchedule
{
    /// <summary>The schedules that it asks.</summary>
    IEnumerable<ILrSchedule> Parts { get; }
}

/// <summary>Finds what a checkpoint has to keep of a schedule.</summary>
internal static class ScheduleState
{
    /// <summary>The schedules that have state, in a schedule and all its parts, in a fixed order.</summary>
    public static IEnumerable<ICheckpointed> Of(ILrSchedule? schedule) => schedule switch
    {
        // A schedule that lists itself also lists what it is composed of.
        ICheckpointed checkpointed => [checkpointed],
        IComposedSchedule composed => composed.Parts.SelectMany(Of),
        _ => [],
    };
}
