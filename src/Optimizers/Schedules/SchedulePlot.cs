namespace Optimizers.Schedules;

/// <summary>Creates charts of schedules.</summary>
/// <example>
/// <code>
/// var chart = SchedulePlot.Of(2_000, ("cosine", new Cosine(1, 2_000)), ("line", new Linear(1, 0, 2_000)));
/// File.WriteAllText("schedules.svg", chart.ToSvg());
/// Console.WriteLine(chart.ToText());
/// </code>
/// </example>
public static class SchedulePlot
{
    private const int MostPoints = 1_000;

    /// <summary>Creates a chart of one schedule.</summary>
    /// <param name="steps">The last update index, at least 1. The first is 0. The chart samples at most 1,001 updates, evenly spaced.</param>
    /// <param name="schedule">The schedule.</param>
    /// <returns>A chart of the learning rate over the updates. Change its labels with a <c>with</c> expression.</returns>
    /// <exception cref="ArgumentException">An argument is null or out of range, or there is no schedule.</exception>
    public static LineChart Of(long steps, ILrSchedule schedule)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        return Of(steps, (schedule is FunctionSchedule ? "schedule" : schedule.GetType().Name, schedule));
    }

    /// <summary>Creates a chart of several schedules with the same axes.</summary>
    /// <param name="steps">The last update index, at least 1. The first is 0. The chart samples at most 1,001 updates, evenly spaced.</param>
    /// <param name="schedules">The schedules and their names in the legend, at least one.</param>
    /// <returns>A chart of the learning rate over the updates. Change its labels with a <c>with</c> expression.</returns>
    /// <exception cref="ArgumentException">An argument is null or out of range, or there is no schedule.</exception>
    public static LineChart Of(long steps, params IReadOnlyList<(string Name, ILrSchedule Schedule)> schedules)
    {
        Require.AtLeast(steps, 1);
        ArgumentNullException.ThrowIfNull(schedules);
        foreach ((string name, ILrSchedule schedule) in schedules)
        {
            ArgumentNullException.ThrowIfNull(name, nameof(schedules));
            ArgumentNullException.ThrowIfNull(schedule, nameof(schedules));
        }

        int points = (int)Math.Min(steps, MostPoints);
        long[] indices = [.. Enumerable.Range(0, points + 1).Select(i => (long)((Int128)steps * i / points))];
        return new LineChart([.. schedules.Select(pair => new ChartLine(
            pair.Name, Array.ConvertAll(indices, k => new ChartPoint(k, pair.Schedule.At(k)))))])
        {
            Title = schedules.Count == 1 ? schedules[0].Name : "Schedules",
            XLabel = "update",
            YLabel = "learning rate",
        };
    }
}
