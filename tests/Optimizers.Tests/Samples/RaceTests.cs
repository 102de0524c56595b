extern alias Race;

using System.Xml.Linq;
using Race::Race;

namespace Optimizers.Tests.Samples;

/// <summary>The sample that races optimizers down surfaces.</summary>
public sealed class RaceTests : IDisposable
{
    private const string Sample = "Race";

    private readonly SampleProcess _process = new();

    public static TheoryData<string> Surfaces() => [.. Surface.All.Select(surface => surface.Name)];

    public void Dispose() => _process.Dispose();

    [Theory]
    [MemberData(nameof(Surfaces))]
    public void GradientsAreThoseOfTheSurface(string name)
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
    public void MinimaAreZeroAndInTheView(string name)
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
    public void ContoursAreWhereTheSurfaceHasThatHeight(string name)
    {
        Surface surface = Surface.All.Single(candidate => candidate.Name == name);
        double level = Contour.Levels(surface)[1];
        ((double X, double Y) From, (double X, double Y) To)[] pieces = [.. Contour.At(surface, level)];
        pieces.Should().NotBeEmpty();
        foreach (((double X, double Y) from, (double X, double Y) to) in pieces)
        {
            // Cells are straight, surfaces are not.
            surface.Value(from.X, from.Y).Should().BeInRange(level / 2, level * 2);
            Math.Abs(from.X - to.X).Should().BeLessThan((surface.View.Right - surface.View.Left) / 50);
        }
    }

    [Fact]
    public void TheBestRateIsTheOneThatArrivesFirst()
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

        Descent.Of(Contender.Parse("lbfgs"), ravine, 300).Arrived.Should().BeLessThan(20, "a quadratic is what it is made for");
    }

    [Fact]
    public void ARaceIsPrintedAndDrawn()
    {
        SampleResult result = _process.Run(
            Sample, "--optimizer", "adamw", """{"kind": "Lion", "learningRate": 0.02}""", "Lbfgs", "--surface", "ravine", "saddle", "--steps", "60", "--epochs", "1", "--svg", "paths.svg");
        result.Error.Should().BeEmpty();
        result.ExitCode.Should().Be(0);
        result.Output.Should().NotContain("\u001b", "the output is no terminal").And.ContainAll("AdamW", "Lion", "Lbfgs", "Ravine", "Saddle", "digits", "0.02");
        result.OutputLines.Should().OnlyContain(line => line.Length <= 80);
        _process.Files.Should().Equal("paths.svg");
        XElement[] elements = [.. XDocument.Load(_process.PathOf("paths.svg")).Descendants()];
        elements.Count(element => element.Name.LocalName == "polyline").Should().Be(6, "three paths on each of two surfaces");
        elements.Select(element => (string?)element.Attribute("points")).Should().NotContain(points => points != null && points.Contains("NaN"));
    }

    [Theory]
    [InlineData("There is no optimizer \"adamx\"; there is, the nearest first: Adam, ", "--optimizer", "adamx")]
    [InlineData("AdamW has no option \"beta\"", "--optimizer", """{"kind": "AdamW", "beta": 1}""")]
    [InlineData("Muon is for two dimensions", "--optimizer", "Muon")]
    [InlineData("There is no surface \"hill\"; there is: Rosenbrock", "--surface", "hill")]
    [InlineData("--steps must be a whole number from 1 to 100000", "--steps", "0")]
    [InlineData("--svg must name a file in a folder that exists", "--svg", "no/such/folder.svg")]
    public void WrongUsageIsRefused(string message, params string[] arguments)
    {
        SampleResult result = _process.Run(Sample, arguments);
        result.ExitCode.Should().Be(2);
        result.Output.Should().BeEmpty();
        result.Error.Should().StartWith(message).And.NotContain("(Parameter");
        _process.Files.Should().BeEmpty();
    }
}
