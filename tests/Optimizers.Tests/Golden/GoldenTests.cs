namespace Optimizers.Tests;

/// <summary>Compares the library with the recordings of reference implementations, case by case.</summary>
[Trait("Category", "Golden")]
public sealed class GoldenTests
{
    public static TheoryData<string, string> OptimizerCases() => Rows(GoldenSuite.OptimizerCases);

    public static TheoryData<string, string> ScheduleCases() => Rows(GoldenSuite.ScheduleCases);

    [GoldenTheory("optimizers")]
    [MemberData(nameof(OptimizerCases))]
    public void OptimizerMatchesTheReference(string file, string name) =>
        Check(file, name, GoldenData.OptimizerCases, GoldenSuite.RunOptimizer);

    [GoldenTheory("schedules")]
    [MemberData(nameof(ScheduleCases))]
    public void ScheduleMatchesTheReference(string file, string name) =>
        Check(file, name, GoldenData.ScheduleCases, GoldenSuite.RunSchedule);

    // A theory without rows fails. GoldenTheory skips it if another folder is tested that has none of these files.
    private static TheoryData<string, string> Rows(IEnumerable<GoldenCase> cases)
    {
        var rows = new TheoryData<string, string>();
        foreach (GoldenCase golden in cases)
        {
            rows.Add(golden.File, golden.Name);
        }

        return rows;
    }

    private static void Check(
        string file, string name, IReadOnlyList<GoldenCase> cases, Func<GoldenCase, IReadOnlyList<Comparison>> run)
    {
        IReadOnlyList<Comparison> comparisons = run(GoldenData.Find(cases, file, name));
        comparisons.Should().NotBeEmpty();
        comparisons.Where(comparison => !comparison.Passed).Select(comparison => comparison.ToString()).Should().BeEmpty();
    }
}
