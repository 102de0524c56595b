using System.Globalization;

namespace Optimizers.Tests;

/// <summary>The README has the optimizers, defaults, state sizes and version of the library.</summary>
[Trait("Category", "Documentation")]
public sealed class ReadmeTests
{
    private const int Length = 1_000;

    public static TheoryData<string> Optimizers() => [.. Catalogue.Optimizers.Select(row => row.Type.Name)];

    [Fact]
    public void ReadmeIsShort() => MarkdownPage.Readme.Lines.Should().HaveCountLessThan(250);

    [Fact]
    public void InstallationCommandHasTheCurrentVersion() =>
        MarkdownPage.Readme.Lines.Should().Contain(
            line => line.EndsWith($" --version {typeof(IOptimizer).Assembly.GetName().Version!.ToString(3)}", StringComparison.Ordinal));

    [Fact]
    public void ReadmeListsEveryOptimizerOnce() =>
        NamesIn("Optimizer").Should().BeEquivalentTo(
            Catalogue.Optimizers.Select(row => row.Type.Name).Append(nameof(Lbfgs)));

    [Fact]
    public void SchedulesPageListsEveryScheduleOnce() =>
        MarkdownPage.Read("docs/schedules.md").Table("Schedule").Select(cells => cells[0]).Should().BeEquivalentTo(
            Catalogue.Schedules.Keys.Append(nameof(Schedules.FunctionSchedule)));

    [Fact]
    public void ReadmeHasTheNumberOfSchedules() =>
        MarkdownPage.Readme.Lines.Should().Contain(
            line => line.EndsWith($" There are {Catalogue.Schedules.Count + 1}:", StringComparison.Ordinal));

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void ReadmeHasTheBytesOfStatePerParameter(string name)
    {
        OptimizerRow row = Catalogue.Optimizers.Single(candidate => candidate.Type.Name == name);
        Number(Columns(name).State.Split(' ')[0]).Should().Be(row.Make(Length, row.Defaults, 1).State.Bytes / (double)Length);
    }

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void ReadmeHasTheDefaults(string name)
    {
        IOptimizerOptions defaults = Catalogue.Optimizers.Single(row => row.Type.Name == name).Defaults;
        (string _, string rate, string decay) = Columns(name);
        Number(rate).Should().Be(defaults.LearningRate);
        if (defaults.GetType().GetProperty(nameof(AdamOptions.WeightDecay)) is null)
        {
            decay.Should().Be("none");
            return;
        }

        string[] amountAndForm = decay.Split(',');
        Number(amountAndForm[0]).Should().Be(defaults.WeightDecay);
        amountAndForm[1].Replace(" ", "", StringComparison.Ordinal).Should().BeEquivalentTo(defaults.DecayForm.ToString());
    }

    private static IEnumerable<string> NamesIn(string table) => MarkdownPage.Readme.Table(table).Select(cells => cells[0]);

    private static (string State, string Rate, string Decay) Columns(string name)
    {
        string[] cells = MarkdownPage.Readme.Table("Optimizer").Single(row => row[0] == name);
        return (cells[3], cells[4], cells[5]);
    }

    private static double Number(string cell) => double.Parse(cell, CultureInfo.InvariantCulture);
}
