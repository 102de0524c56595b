using System.Globalization;
using Xunit.Abstractions;

namespace Optimizers.Tests;

/// <summary>Reports about all golden cases together: which cases run, and how large the errors are. Each test writes its report to the output.</summary>
[Trait("Category", "Golden")]
public sealed class GoldenReportTests(ITestOutputHelper output)
{
    private static readonly Lazy<Comparison[]> _comparisons = new(() =>
        [.. GoldenSuite.OptimizerCases.SelectMany(GoldenSuite.RunOptimizer).Where(comparison => comparison.Ratio is not null)]);

    /// <summary>Lists the cases that the library cannot run.</summary>
    [Fact]
    public void GoldenFilesHaveCasesThatTheLibraryRuns()
    {
        Report("optimizers", GoldenData.OptimizerCases, GoldenSuite.WhyOptimizerCannotRun);
        Report("schedules", GoldenData.ScheduleCases, GoldenSuite.WhyScheduleCannotRun);
        GoldenSuite.OptimizerCases.Concat(GoldenSuite.ScheduleCases).Should().NotBeEmpty();
    }

    [OwnGoldenFact]
    public void EveryOptimizerAndScheduleHasAGoldenFile()
    {
        Catalogue.Optimizers.Select(row => row.Type.Name).Concat(GoldenSuite.Others)
            .Should().BeSubsetOf(GoldenSuite.OptimizerCases.Select(golden => golden.Subject), "each optimizer, wrapper, average and clip has a golden file");
        Catalogue.Schedules.Keys
            .Should().BeSubsetOf(GoldenSuite.ScheduleCases.Select(golden => golden.Subject), "each schedule has a golden file");
        GoldenData.OptimizerCases.Select(golden => golden.ProblemName).OfType<string>()
            .Should().OnlyContain(problem => GoldenData.HasProblem(problem));
    }

    /// <summary>Promise 3 of the library: it is as accurate as the float32 implementations of the references.</summary>
    /// <remarks>
    /// The report has ratios of the library's error to the peer's error. The peer's error of a recorded step is the largest
    /// |float32 − float64| of the source over the elements of all tensors. In the first part of the table, a ratio belongs to one
    /// tensor after one step: the largest |library − float64| of its elements, divided by the peer's error. In the second part, a
    /// ratio belongs to one step: both errors are the largest over all tensors. There is no ratio if the peer's error is 0 or not
    /// known.
    /// </remarks>
    [Fact]
    public void ErrorsAreWithinTheirTolerances()
    {
        Comparison[] comparisons = _comparisons.Value;
        output.WriteLine("Error / float32 peer's error       per tensor and step           per step, over all tensors");
        output.WriteLine("                                   count   median  largest      count   median  largest");
        foreach (IGrouping<string, Comparison> optimizer in comparisons.GroupBy(comparison => comparison.Golden.Subject))
        {
            WriteRatios(optimizer.Key, [.. optimizer]);
        }

        WriteRatios("all", comparisons);
        comparisons.Where(comparison => !comparison.Passed).Select(comparison => comparison.ToString()).Should().BeEmpty();
    }

    [OwnGoldenFact]
    public void MedianErrorIsAtMostThatOfThePeers()
    {
        Median(RatiosByTensor(_comparisons.Value)).Should().BeLessThanOrEqualTo(1);
        Median(RatiosByStep(_comparisons.Value)).Should().BeLessThanOrEqualTo(1);
    }

    private static double[] RatiosByTensor(IEnumerable<Comparison> comparisons) =>
        [.. comparisons.Select(comparison => comparison.Ratio!.Value).Order()];

    private static double[] RatiosByStep(IEnumerable<Comparison> comparisons) =>
        [.. comparisons.GroupBy(comparison => (comparison.Golden.File, comparison.Golden.Name, comparison.Step))
            .Select(step => step.Max(comparison => comparison.Ratio!.Value)).Order()];

    private static double Median(double[] ordered) =>
        ordered.Length == 0 ? double.NaN : (ordered[(ordered.Length - 1) / 2] + ordered[ordered.Length / 2]) / 2;

    private static string Describe(double[] ordered) => string.Create(
        CultureInfo.InvariantCulture, $"{ordered.Length,7} {Median(ordered),8:F3} {ordered.LastOrDefault(double.NaN),8:F3}");

    private void WriteRatios(string name, Comparison[] comparisons) =>
        output.WriteLine($"{name,-32} {Describe(RatiosByTensor(comparisons))}   {Describe(RatiosByStep(comparisons))}");

    private void Report(string what, IReadOnlyList<GoldenCase> cases, Func<GoldenCase, string?> whyNot)
    {
        ILookup<string?, GoldenCase> byReason = cases.ToLookup(whyNot);
        GoldenCase[] running = [.. byReason[null]];
        output.WriteLine(
            $"{what}: {running.DistinctBy(golden => golden.Subject).Count()} of {cases.DistinctBy(golden => golden.Subject).Count()} run, "
            + $"with {running.Length} of {cases.Count} cases; the others, by reason:");
        foreach (IGrouping<string?, GoldenCase> reason in byReason.Where(reason => reason.Key is not null).OrderBy(reason => reason.Key, StringComparer.Ordinal))
        {
            output.WriteLine($"    {reason.Key}: {reason.Count()}");
        }
    }
}
