extern alias Race;

using System.Xml.Linq;
using Race::Race;

namespace Optimizers.Tests.Samples;

/// <summary>The sample that compares optimizers on surfaces and on digits.</summary>
public sealed class RaceTests : IDisposable
{
    private const string Sample = "Race";

    private readonly SampleProcess _process = new();

    public static TheoryData<string> Surfaces() => [.. Surface.All.Select(surface => surface.Name)];

    public void Dispose() => _process.Dispose();

    [Theory]
    [MemberData(nameof(Surfaces))]
    public void GradientsMatchDifferencesOfTheValue(string name)
    {
        const double Step = 1e-6;
        Surface surface = Surface.All.Single(candidate => candidate.Name == name);
        foreach ((double x, double y) in new[] { surface.Start, (0.3, -0.7), (-1.1, 0.9), (2.2, 1.4) })
        {
            (double byX, double byY) = surface.Gradient(x, y);
            byX.Should().BeApproximately((surface.Value(x + Step, y) - surface.Value(x - Step, y)) / (2 * Step), 1e-4 * (1 + Math.Abs(byX)));
            byY.Should().BeApproximately((surface.Value(x, y + Step) - surface.Value(x, y - Step)) / (2 * Step), 1e-4 * (1 + Math.Abs(byY)));
        }
    }

    [Theory]
    [MemberData(nameof(Surfaces))]
    public void MinimaHaveTheValueZeroAndAreInTheView(string name)
    {
        Surface surface = Surface.All.Single(candidate => candidate.Name == name);
        foreach ((double x, double y) in surface.Minima.Append(surface.Start))
        {
            x.Should().BeInRange(surface.View.Left, surface.View.Right);
            y.Should().BeInRange(surface.View.Bottom, surface.View.Top);
        }

        surface.Minima.Should().OnlyContain(minimum => Math.Abs(surface.Value(minimum.X, minimum.Y)) < 1e-9);
        surface.Value(surface.Start.X, surface.Start.Y).Should().BeGreaterThan(0.5);
    }

    [Theory]
    [MemberData(nameof(Surfaces))]
    public void ContoursLieAtTheirHeight(string name)
    {
        Surface surface = Surface.All.Single(candidate => candidate.Name == name);
        var contour = new Contour(surface);
        double level = contour.Levels[1];
        IReadOnlyList<IReadOnlyList<(double X, double Y)>> lines = contour.At(level);
        lines.Should().NotBeEmpty();
        foreach ((double x, double y) in lines.SelectMany(line => line))
        {
            // The contour is straight within a cell, and the surface is curved.
            surface.Value(x, y).Should().BeInRange(level * 0.9, level * 1.1);
        }
    }

    [Theory]
    [MemberData(nameof(Surfaces))]
    public void ContoursAreClosedOrEndAtASideOfTheView(string name)
    {
        Surface surface = Surface.All.Single(candidate => candidate.Name == name);
        var contour = new Contour(surface);
        var finer = new Contour(surface, cells: 720);
        (double left, double bottom, double right, double top) = surface.View;
        foreach (double level in contour.Levels)
        {
            IReadOnlyList<IReadOnlyList<(double X, double Y)>> lines = contour.At(level);
            foreach (IReadOnlyList<(double X, double Y)> line in lines.Where(line => line[0] != line[^1]))
            {
                foreach ((double x, double y) in new[] { line[0], line[^1] })
                {
                    (Near(x, left) || Near(x, right) || Near(y, bottom) || Near(y, top)).Should().BeTrue(
                        $"a line at {level} ends at ({x}, {y}), which is not a side of the view");
                }
            }

            // If the cells are too coarse, a line breaks into pieces, and the number of lines is too high.
            lines.Count.Should().Be(finer.At(level).Count, $"finer cells give the same lines at {level}");
        }

        static bool Near(double one, double other) => Math.Abs(one - other) < 1e-9;
    }

    [Fact]
    public void ThePathsOfTheDefaultContendersStayInThePicture()
    {
        foreach (Surface surface in Surface.All)
        {
            foreach (string name in new[] { "Sgd", "Momentum", "Adam", "Lion", "Rprop", "Lbfgs" })
            {
                Descent descent = Descent.Of(Contender.Parse(name), surface, steps: 500);
                descent.StaysInView.Should().BeTrue($"this is {name} on {surface.Name}");
                descent.Path.Should().Match(path => path.All(surface.Shows));
            }
        }
    }

    [Fact]
    public void TheTableMarksAPathThatLeavesThePicture()
    {
        SampleResult result = _process.Run(
            Sample, "--optimizer", "Adam", """{"kind": "Adam", "learningRate": 3}""", "--surface", "Rosenbrock", "--steps", "20", "--epochs", "1");
        result.ExitCode.Should().Be(0, result.Error);
        result.Output.Should().ContainAll("Adam 2 ", " *+", "* the path leaves the", "after 1 epoch ");
    }

    [Fact]
    public void TheBestRateArrivesFirst()
    {
        Surface ravine = Surface.All.Single(surface => surface.Name == "Ravine");
        Descent descent = Descent.Of(Contender.Parse("Momentum"), ravine, steps: 300);
        descent.Arrived.Should().BeInRange(20, 290);
        foreach (double rate in Contender.Parse("Momentum").Rates)
        {
            Descent alone = Descent.Of(Contender.Parse($$"""{"kind": "Momentum", "learningRate": {{rate.ToString(System.Globalization.CultureInfo.InvariantCulture)}}}"""), ravine, 300);
            alone.Rate.Should().Be(rate);
            (alone.Arrived ?? int.MaxValue).Should().BeGreaterThanOrEqualTo(descent.Arrived!.Value);
        }

        Descent.Of(Contender.Parse("lbfgs"), ravine, 300).Arrived.Should().BeLessThan(20, "L-BFGS solves a quadratic in a few steps");
    }

    [Fact]
    public void TheCommandPrintsAndDrawsARace()
    {
        SampleResult result = _process.Run(
            Sample, "--optimizer", "adamw", """{"kind": "Lion", "learningRate": 0.02}""", "Lbfgs", "--surface", "ravine", "saddle", "--steps", "60", "--epochs", "1", "--svg", "paths.svg");
        result.Error.Should().BeEmpty();
        result.ExitCode.Should().Be(0);
        result.Output.Should().NotContain("\u001b", "the output is not a terminal").And.ContainAll("AdamW", "Lion", "Lbfgs", "Ravine", "Saddle", "digits", "0.02");
        result.OutputLines.Should().OnlyContain(line => line.Length <= 80);
        _process.Files.Should().Equal("paths.svg");
        XElement[] elements = [.. XDocument.Load(_process.PathOf("paths.svg")).Descendants()];
        elements.Count(element => element.Name.LocalName == "polyline").Should().Be(6, "three paths on each of two surfaces");
        elements.Where(element => (string?)element.Attribute("class") == "below").Select(element => element.Value)
            .Should().Equal("-4", "-3", "-2", "-1", "0", "1", "2", "-1.5", "-1", "-0.5", "0", "0.5", "1", "1.5");
        elements.Select(element => (string?)element.Attribute("points")).Should().NotContain(points => points != null && points.Contains("NaN"));
    }

    [Theory]
    [InlineData("There is no optimizer \"adamx\". The valid names, most similar first, are: Adam, ", "--optimizer", "adamx")]
    [InlineData("AdamW has no option \"beta\"", "--optimizer", """{"kind": "AdamW", "beta": 1}""")]
    [InlineData("Muon needs two dimensions", "--optimizer", "Muon")]
    [InlineData("There is no surface \"hill\". The surfaces are: Rosenbrock", "--surface", "hill")]
    [InlineData("--steps must be a whole number from 1 to 100000", "--steps", "0")]
    [InlineData("--svg must name a file in a folder that exists", "--svg", "no/such/folder.svg")]
    public void WrongUsageGivesAnErrorAndExitCode2(string message, params string[] arguments)
    {
        SampleResult result = _process.Run(Sample, arguments);
        result.ExitCode.Should().Be(2);
        result.Output.Should().BeEmpty();
        result.Error.Should().StartWith(message).And.NotContain("(Parameter");
        _process.Files.Should().BeEmpty();
    }
}
