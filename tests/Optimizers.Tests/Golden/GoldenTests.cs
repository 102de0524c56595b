namespace Optimizers.Tests;

/// <summary>The library against what the reference implementations did, case by case.</summary>
[Trait("Category", "Golden")]
public sealed class GoldenTests
{
    private const string NoFile = "no file";

    public static TheoryData<string, string> OptimizerCases() => Rows(GoldenSuite.OptimizerCases);

    public static TheoryData<string, string> ScheduleCases() => Rows(GoldenSuite.ScheduleCases);

    [Theory]
    [MemberData(nameof(OptimizerCases))]
    public void OptimizerIsWhereTheReferenceIs(string file, string name) =>
        Check(file, name, GoldenData.OptimizerCases, GoldenSuite.RunOptimizer);

    [Theory]
    [MemberData(nameof(ScheduleCases))]
    public void ScheduleGivesTheRateOfTheReference(string file, string name) =>
        Check(file, name, GoldenData.ScheduleCases, GoldenSuite.RunSchedule);

    // A theory without a row is a failure, and in a folder of somebody else's any part may be absent.
    private static TheoryData<string, string> Rows(IEnumerable<GoldenCase> cases)
    {
        var rows = new TheoryData<string, string>();
        foreach (GoldenCase golden in cases)
        {
            rows.Add(golden.File, golden.Name);
        }

        if (rows.Count == 0)
        {
            rows.Add(NoFile, NoFile);
        }

        return rows;
    }

    private static void Check(
        string file, string name, IReadOnlyList<GoldenCase> cases, Func<GoldenCase, IReadOnlyList<Comparison>> run)
    {
        if (file == NoFile)
        {
            GoldenData.IsReplaced.Should().BeTrue("the project's own golden files are there");
            return;
        }

        IReadOnlyList<Comparison> comparisons = run(GoldenData.Find(cases, file, name));
        comparisons.Should().NotBeEmpty();
        comparisons.Where(comparison => !comparison.Passed).Select(comparison => comparison.ToString()).Should().BeEmpty();
    }
}
