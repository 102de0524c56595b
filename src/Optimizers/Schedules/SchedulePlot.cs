namespace Optimizers.Schedules;

/// <summary>Pictures of schedules.</summary>
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

    /// <summary>Draws a schedule.</summary>
    /// <param name="steps">The last index to draw, at least 1; the first is 0. Of more than a thousand updates a thousand are
    /// asked for.</param>
    /// <param name="schedule">The schedule.</param>
    /// <returns>A chart of rates by updates, whose labels may be changed by <c>with</c>.</returns>
    /// <exception cref="ArgumentException">An argument is null or out of its range.</exception>
    public static LineChart Of(long steps, ILrSchedule schedule)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        return Of(steps, (schedule is FunctionSchedule ? "schedule" : schedule.GetType().Name, schedule));
    }

    /// <summary>Draws schedules one over the other.</summary>
    /// <param name="steps">The last index to draw, at least 1; the first is 0. Of more than a thousand updates a thousand are
    /// asked for.</param>
    /// <param name="schedules">The schedules, at least one, each with its name.</param>
    /// <returns>A chart of rates by updates, whose labels may be changed by <c>with</c>.</returns>
    /// <exception cref="ArgumentException">An argument is null or out of its range.</exception>
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
