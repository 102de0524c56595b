using System.Globalization;
using Xunit.Abstractions;

namespace Optimizers.Tests;

/// <summary>What the golden files say about the library as a whole; the output of each test is its report.</summary>
[Trait("Category", "Golden")]
public sealed class GoldenReportTests(ITestOutputHelper output)
{
    private static readonly Lazy<Comparison[]> _comparisons = new(() =>
        [.. GoldenSuite.OptimizerCases.SelectMany(GoldenSuite.RunOptimizer).Where(comparison => comparison.Ratio is not null)]);

    /// <summary>Lists what the files have and the library does not.</summary>
    [Fact]
    public void TheFilesHaveCasesThatTheLibraryRuns()
    {
        Report("optimizers", GoldenData.OptimizerCases, GoldenSuite.WhatOptimizerLacks);
        Report("schedules", GoldenData.ScheduleCases, GoldenSuite.WhatScheduleLacks);
        GoldenSuite.OptimizerCases.Concat(GoldenSuite.ScheduleCases).Should().NotBeEmpty();
    }

    [OwnGoldenFact]
    public void WhatTheLibraryHasIsRecorded()
    {
        Catalogue.Optimizers.Select(row => row.Type.Name).Concat(GoldenSuite.Others)
            .Should().BeSubsetOf(GoldenSuite.OptimizerCases.Select(golden => golden.Subject), "each has a golden file");
        Catalogue.Schedules.Keys
            .Should().BeSubsetOf(GoldenSuite.ScheduleCases.Select(golden => golden.Subject), "each has a golden file");
        GoldenData.OptimizerCases.Select(golden => golden.ProblemName).OfType<string>()
            .Should().OnlyContain(problem => GoldenData.HasProblem(problem));
    }

    /// <summary>Promise 3 of the library: as accurate as the references' own float32.</summary>
    /// <remarks>
    /// The ratio is, for one tensor after one recorded number of steps: the largest |ours − float64| of its elements,
    /// divided by the peer's error, which is the largest |float32 − float64| of the source over the elements of all
    /// tensors at that step. The second column divides like by like: for one step, the largest of ours over all tensors.
    /// Where the peer's error is 0 or not known there is no ratio.
    /// </remarks>
    [Fact]
    public void ErrorsAreNoLargerThanThoseOfThePeers()
    {
        Comparison[] comparisons = _comparisons.Value;
        output.WriteLine("Our error / the float32 peer's     per tensor and step           per step, over all tensors");
        output.WriteLine("                                   count   median  largest      count   median  largest");
        foreach (IGrouping<string, Comparison> optimizer in comparisons.GroupBy(comparison => comparison.Golden.Subject))
        {
            WriteRatios(optimizer.Key, [.. optimizer]);
        }

        WriteRatios("all", comparisons);
        comparisons.Where(comparison => !comparison.Passed).Select(comparison => comparison.ToString()).Should().BeEmpty();
    }

    [OwnGoldenFact]
    public void TheMedianErrorIsNoLargerThanThatOfThePeers()
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

    private void Report(string what, IReadOnlyList<GoldenCase> cases, Func<GoldenCase, string?> lacks)
    {
        ILookup<string?, GoldenCase> byLack = cases.ToLookup(lacks);
        GoldenCase[] running = [.. byLack[null]];
        output.WriteLine(
            $"{what}: {running.DistinctBy(golden => golden.Subject).Count()} of {cases.DistinctBy(golden => golden.Subject).Count()} run, "
            + $"with {running.Length} of {cases.Count} cases; not yet:");
        foreach (IGrouping<string?, GoldenCase> lack in byLack.Where(lack => lack.Key is not null).OrderBy(lack => lack.Key, StringComparer.Ordinal))
        {
            output.WriteLine($"    {lack.Key}: {lack.Count()}");
        }
    }
}
