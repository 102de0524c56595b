extern alias DrawSchedules;

using DrawSchedules::DrawSchedules;

namespace Optimizers.Tests.Samples;

/// <summary>The pictures of docs/schedules.md, and the command that draws them and any other.</summary>
public sealed class DrawSchedulesTests : IDisposable
{
    private const string Sample = "DrawSchedules";

    private readonly SampleProcess _process = new();

    public static TheoryData<string> Pictures() => [.. Gallery.Pictures.Keys];

    public static TheoryData<string> Catalogued() => [.. Catalogue.Schedules.Keys, nameof(FunctionSchedule)];

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
        ScheduleReader.Read("Tanh(1, 5, 0, lowerBound: −4)").Should().Be(new Tanh(1, 5, 0, -4));
        ScheduleReader.Read("Cyclic(base: 0.1, peak: 1, stepsUp: 5)").Should().Be(new Cyclic(0.1, 1, 5));
        ScheduleReader.Read("new Cyclic(@base: 0.1, peak: 2.0 / 2, stepsUp: (long)5)").Should().Be(new Cyclic(0.1, 1, 5));
        ScheduleReader.Read("SwaAnneal(1, 0.1, 9, shape: Cosine)").Should().Be(new SwaAnneal(1, 0.1, 9));
        ScheduleReader.Read("Cosine(BatchScaling.Linear(0.1, 256, 512), Steps.FromEpochs(2, samples: 10, batchSize: 5))")
            .Should().Be(new Cosine(0.2, 4));
        ScheduleReader.Read("FunctionSchedule(k => 1 / Math.Sqrt(k + 1))").At(3).Should().Be(0.5);
    }

    [Fact]
    public void EveryCompositionAndPropertyIsRead()
    {
        ILrSchedule cosine = new Cosine(1, 9);
        foreach ((string text, ILrSchedule schedule) in new (string, ILrSchedule)[]
                 {
                     (".WithWarmup(3)", cosine.WithWarmup(3)),
                     (".WithWarmup(steps: 3, start: 0.1)", cosine.WithWarmup(3, 0.1)),
                     (".Scale(0.5)", cosine.Scale(0.5)),
                     (".Times(Linear(1, 0.1, 5))", cosine.Times(new Linear(1, 0.1, 5))),
                     (".Clamp(0.1, 0.9)", cosine.Clamp(0.1, 0.9)),
                     (".Shift(-2)", cosine.Shift(-2)),
                     (".InEpochs(stepsPerEpoch: 4)", cosine.InEpochs(4)),
                     (".PerEpoch(4)", cosine.PerEpoch(4)),
                     (".Then(5, Constant(0.1).WithWarmup(2))", cosine.Then(5, new Constant(0.1).WithWarmup(2))),
                     (".InEpochs(4).WithWarmup(3).Clamp(0.1, 1)", cosine.InEpochs(4).WithWarmup(3).Clamp(0.1, 1)),
                 })
        {
            ScheduleReader.Read($"Cosine(1, 9){text}").Should().Be(schedule, text);
        }

        ScheduleReader.Read("OneCycle(1, 9).Momentum").Should().Be(new OneCycle(1, 9).Momentum);
        ScheduleReader.Read("new Cyclic(0, 1, 5).Momentum.Scale(0.5)").Should().Be(new Cyclic(0, 1, 5).Momentum.Scale(0.5));
    }

    [Theory]
    [MemberData(nameof(Catalogued))]
    public void EveryScheduleOfTheCatalogueIsKnown(string name) => ScheduleReader.Names.Should().Contain(name);

    [Fact]
    public void JsonIsReadAsTheLibraryReadsIt() =>
        ScheduleReader.Read(""" {"kind": "Warmup", "steps": 100, "inner": {"kind": "Cosine", "peak": 3e-4, "steps": 1000}} """)
            .Should().Be(new Cosine(3e-4, 1_000).WithWarmup(100));

    [Theory]
    [InlineData("Cosin(1, 2)", "*no schedule \"Cosin\". The valid names, most similar first, are: Cosine, *")]
    [InlineData("Cosine(1, 2", "*) expected, at place 12*")]
    [InlineData("Cosine(1, 2) + 1", "*Operator '+'*")]
    [InlineData("Cosine(1, 2); Cosine(1, 3)", "*';'*")]
    [InlineData("Cosine(1, 2).Momentum", "*'Momentum'*")]
    [InlineData("null", "*null*")]
    [InlineData("Cosine(1)", "*required parameter 'steps'*")]
    [InlineData("Cosine(1, two)", "*name 'two'*")]
    [InlineData("Cosine(1, 2.5)", "Argument 2: cannot convert from 'double' to 'long'.")]
    [InlineData("Cosine(1, 2, 3, 4)", "*4 arguments*")]
    [InlineData("Cosine(peek: 1, steps: 2)", "*parameter named 'peek'*")]
    [InlineData("OneCycle(1, 2, shape: Round)", "*name 'Round'*")]
    [InlineData("MultiStep(1, 5)", "Argument 2*IReadOnlyList*")]
    [InlineData("", "*expression*")]
    public void WhatIsWrittenWrongIsSaidWhere(string text, string message) =>
        FluentActions.Invoking(() => ScheduleReader.Read(text)).Should().Throw<FormatException>()
            .WithMessage(message);

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
    [InlineData("--steps must be a whole number", "Constant(1)", "--steps", "1,5")]
    [InlineData("--svg must name a file", "Constant(1)", "--svg", "")]
    [InlineData("There is no option \"--hlep\"", "--hlep")]
    [InlineData("SCHEDULE cannot be drawn: ", "FunctionSchedule(k => -1)")]
    [InlineData("SCHEDULE")]
    public void WrongUsageIsRefused(string message, params string[] arguments)
    {
        SampleResult result = _process.Run(Sample, arguments);
        result.ExitCode.Should().Be(2);
        result.Error.Should().Contain(message);
        result.Error.TrimEnd('\n').Should().NotContain("\n").And.NotContain("(Parameter");
        result.Output.Should().BeEmpty();
        _process.Files.Should().BeEmpty();
    }
}
