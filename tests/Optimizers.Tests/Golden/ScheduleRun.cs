namespace Optimizers.Tests;

/// <summary>Runs a case of a schedule.</summary>
internal static class ScheduleRun
{
    public static IReadOnlyList<Comparison> Run(GoldenCase golden)
    {
        ILrSchedule schedule = OptionBinder.Schedule(golden.Subject, golden.Options);
        double[] values = GoldenCase.Numbers(golden.Json.GetProperty("values"));
        double largest = values.Max(Math.Abs);
        return [.. values.Select((value, k) => new Comparison(
            golden, k, "rate", value, schedule.At(k), (1e-9 * Math.Abs(value)) + (1e-14 * largest)))];
    }
}
