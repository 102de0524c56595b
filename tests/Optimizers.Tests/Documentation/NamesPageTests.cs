namespace Optimizers.Tests;

/// <summary>docs/names.md has exactly one row for each optimizer and each schedule, and no other rows.</summary>
[Trait("Category", "Documentation")]
public sealed class NamesPageTests
{
    private const int Columns = 4;

    private static readonly MarkdownPage _page = MarkdownPage.Read("docs/names.md");

    [Fact]
    public void EveryOptimizerHasARow() =>
        _page.Table("Optimizer").Select(cells => cells[0]).Should().BeEquivalentTo(
            Catalogue.Optimizers.Select(row => row.Type.Name).Append(nameof(Lbfgs)));

    [Fact]
    public void EveryScheduleHasARow() =>
        _page.Table("Schedule").Select(cells => cells[0]).Should().BeEquivalentTo(
            Catalogue.Schedules.Keys.Append(nameof(FunctionSchedule)));

    [Theory]
    [InlineData("Optimizer")]
    [InlineData("Schedule")]
    public void EveryRowHasAllItsCells(string table) =>
        _page.Table(table).Should().OnlyContain(cells => cells.Length == Columns && cells.All(cell => cell.Length > 0));

    /// <summary>The options in the tables are options of the library.</summary>
    [Fact]
    public void EveryOptionExists()
    {
        string[] names = [.. _page.Table("Option").Select(cells => cells[0].Split('.')[^1])];
        names.Should().HaveCountGreaterThan(20);
        var known = typeof(IOptimizer).Assembly.GetExportedTypes()
            .Where(type => type.Name.EndsWith("Options", StringComparison.Ordinal))
            .SelectMany(type => type.GetProperties()).Select(property => property.Name).ToHashSet(StringComparer.Ordinal);
        names.Should().OnlyContain(name => known.Contains(name));
    }
}
