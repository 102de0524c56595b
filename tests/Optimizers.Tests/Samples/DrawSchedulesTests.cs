using DrawSchedules;
using Optimizers.Schedules;

namespace Optimizers.Tests.Samples;

/// <summary>The pictures of docs/schedules.md, and the command that draws them and any other.</summary>
public sealed class DrawSchedulesTests : IDisposable
{
    private const string Sample = "DrawSchedules";

    private readonly SampleProcess _process = new();

    public static TheoryData<string> Pictures() => [.. Gallery.Pictures.Keys];

    public void Dispose() => _process.Dispose();

    [Theory]
    [Trait("Category", "Documentation")]
    [MemberData(nameof(Pictures))]
    public void EveryPictureOfTheDocumentationIsCurrent(string file)
    {
        string path = Path.Combine(MarkdownPage.Root, "docs", "images", "schedules", file);
        File.ReadAllText(path).Should().Be(
            $"{Gallery.Pictures[file].ToSvg()}\n", "dotnet run --project samples/DrawSchedules -- docs docs/images/schedules draws it");
    }

    [Fact]
    [Trait("Category", "Documentation")]
    public void TheDocumentationShowsThemAllAndOneOfEachSchedule()
    {
        string page = string.Join('\n', MarkdownPage.Read("docs/schedules.md").Lines);
        Gallery.Pictures.Keys.Should().OnlyContain(file => page.Contains($"(images/schedules/{file})", StringComparison.Ordinal));
        Gallery.Pictures.Keys.Should().Contain(Catalogue.Schedules.Keys.Append(nameof(FunctionSchedule)).Select(name => $"{name}.svg"));
        Directory.EnumerateFiles(Path.Combine(MarkdownPage.Root, "docs", "images", "schedules")).Select(Path.GetFileName)
            .Should().BeEquivalentTo(Gallery.Pictures.Keys);
    }

    [Theory]
    [InlineData("Constant(0.1)")]
    [InlineData(" Constant ( value : 1e-1 ) ")]
    public void AScheduleIsReadAsItIsWrittenInCSharp(string text) => ScheduleReader.Read(text).Should().Be(new Constant(0.1));

    [Fact]
    public void EveryKindOfArgumentIsRead()
    {
        ScheduleReader.Read("WarmupCosine(3e-4, 100, floor: 1e-5, totalSteps: 2_000)").Should().Be(new WarmupCosine(3e-4, 100, 2_000, 1e-5));
        ScheduleReader.Read("Cyclic(0, 1, 5, null, Triangular2)").Should().Be(new Cyclic(0, 1, 5, null, CyclicMode.Triangular2));
        ScheduleReader.Read("OneCycle(1, 9, shape: CurveShape.Linear, threePhase: true)")
            .Should().Be(new OneCycle(1, 9, shape: CurveShape.Linear, threePhase: true));
        ScheduleReader.Read("Sequence([Linear(0, 1, 9), PiecewiseConstant([], [0.5])], [9])")
            .Should().Be(new Sequence([new Linear(0, 1, 9), new PiecewiseConstant([], [0.5])], [9]));
        ScheduleReader.Read("Tanh(1, 5, 0, -4)").Should().Be(new Tanh(1, 5, 0, -4));
    }

    [Theory]
    [InlineData("Cosin(1, 2)", "*no schedule \"Cosin\"*Cosine*")]
    [InlineData("Cosine(1, 2", "*\",\" at place 12*the end*")]
    [InlineData("Cosine(1, 2) + 1", "*the end at place 14*\"+\"*")]
    [InlineData("Cosine(1)", "*needs steps*")]
    [InlineData("Cosine(1, two)", "*\"two\" is no Int64*")]
    [InlineData("Cosine(1, 2.5)", "*\"2.5\" is no Int64*")]
    [InlineData("Cosine(1, 2, 3, 4)", "*only 3 arguments*")]
    [InlineData("Cosine(peek: 1, steps: 2)", "*no peek; it has peak, steps, floor*")]
    [InlineData("OneCycle(1, 2, shape: Round)", "*\"Round\" is no CurveShape*")]
    [InlineData("MultiStep(1, 5)", "*\"[[]\" at place 14*")]
    [InlineData("", "*a name or a number*")]
    public void WhatIsWrittenWrongIsSaidWhere(string text, string message) =>
        FluentActions.Invoking(() => ScheduleReader.Read(text)).Should().Throw<FormatException>()
            .WithMessage(message.Replace("[[]", "[", StringComparison.Ordinal));

    [Fact]
    public void TheCommandDrawsTextAndPictures()
    {
        SampleResult text = _process.Run(Sample, "Cosine(0.1, 100)", "--steps", "120");
        text.ExitCode.Should().Be(0);
        text.Output.Should().Be(SchedulePlot.Of(120, ("Cosine(0.1, 100)", new Cosine(0.1, 100))).ToText() + Environment.NewLine);

        SampleResult picture = _process.Run(Sample, "Cosine(0.1, 100)", "Constant(0.05)", "--log", "--svg", "rates.svg");
        picture.ExitCode.Should().Be(0);
        picture.Output.Should().BeEmpty();
        File.ReadAllText(_process.PathOf("rates.svg")).Should().Contain("Constant(0.05)").And.StartWith("<svg ");
    }

    [Theory]
    [InlineData("steps must be at least 1", "Cosine(1, 0)")]
    [InlineData("--steps must be a whole number", "Constant(1)", "--steps", "0")]
    [InlineData("--svg must name a file", "Constant(1)", "--svg", "there/is/none.svg")]
    [InlineData("SCHEDULE")]
    public void WrongUsageIsRefused(string message, params string[] arguments)
    {
        SampleResult result = _process.Run(Sample, arguments);
        result.ExitCode.Should().Be(2);
        result.Error.Should().Contain(message);
        result.Output.Should().BeEmpty();
        _process.Files.Should().BeEmpty();
    }
}
