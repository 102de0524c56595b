namespace Optimizers.Tests;

/// <summary>Runs a case of a schedule.</summary>
internal static class ScheduleRun
{
    public static IReadOnlyList<Comparison> Run(GoldenCase golden)
    {
        ILrSchedule schedule = OptionBinder.Schedule(golden.Subject, golden.Options);
        double[] values = GoldenCase.Numbers(golden.Json.GetProperty("values"));
        return golden.Find("metrics") is { } metrics
            ? Compare(golden, "rate", values, RatesAfter((ReduceOnPlateau)schedule, GoldenCase.Numbers(metrics)))
            : [.. Compare(golden, "rate", values, schedule), .. Momentum(golden, schedule)];
    }

    private static Comparison[] Momentum(GoldenCase golden, ILrSchedule schedule)
    {
        if (golden.Find("momentum") is not { } momentum)
        {
            return [];
        }

        ILrSchedule driven = schedule switch
        {
            OneCycle cycle => cycle.Momentum,
            Cyclic cycle => cycle.Momentum,
            _ => throw new InvalidDataException($"{golden.Title} has momentum, but its schedule has none."),
        };
        return Compare(golden, "momentum", GoldenCase.Numbers(momentum), driven);
    }

    // Each recorded value is the rate after the metric with the same index, which is the rate of the next epoch.
    private static double[] RatesAfter(ReduceOnPlateau schedule, double[] metrics) =>
        Array.ConvertAll(metrics, schedule.Observe);

    private static Comparison[] Compare(GoldenCase golden, string what, double[] expected, ILrSchedule schedule) =>
        Compare(golden, what, expected, [.. expected.Select((_, k) => schedule.At(k))]);

    private static Comparison[] Compare(GoldenCase golden, string what, double[] expected, double[] actual)
    {
        double largest = expected.Max(Math.Abs);
        return [.. expected.Zip(actual).Select((pair, k) => new Comparison(
            golden, k, what, pair.First, pair.Second, (1e-9 * Math.Abs(pair.First)) + (1e-14 * largest)))];
    }
}
