using System.Text.Json;

namespace Optimizers.Tests;

/// <summary>The tolerance of the golden tests, and the message of a difference.</summary>
[Trait("Category", "Golden")]
public sealed class ComparisonTests
{
    private const double UnitInTheLastPlace = 1.0 / (1 << 24);

    [Fact]
    public void ToleranceGrowsWithThePeerError() =>
        Compare("""{ "peerError": { "5": 0.25 } }""", 1.5f).Tolerance.Should().Be(0.75 + (4 * UnitInTheLastPlace * 4));

    [Theory]
    [InlineData("{}")]
    [InlineData("""{ "peerError": null }""")]
    [InlineData("""{ "peerError": { "5": null } }""")]
    [InlineData("""{ "peerError": { "10": 0.25 } }""")]
    public void ToleranceIsRelativeWithoutAPeerError(string json)
    {
        Comparison comparison = Compare(json, 1.5f);
        comparison.Tolerance.Should().Be(1e-5 * 4);
        comparison.Ratio.Should().BeNull();
    }

    [Fact]
    public void RatioUsesTheElementWithTheLargestError()
    {
        Comparison comparison = Compare("""{ "peerError": { "5": 0.25 } }""", 2f);
        (comparison.Place, comparison.Ratio, comparison.Passed).Should().Be(("w[1]", 2, true));
    }

    [Theory]
    [InlineData(3f)]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void FailureMessageHasThePlaceTheValuesAndThePeerError(float actual)
    {
        Comparison comparison = Compare("""{ "peerError": { "5": 0.25 } }""", actual);
        comparison.Passed.Should().BeFalse();
        comparison.ToString().Should().ContainAll("Adam", "a.json", "plain", "step 5", "w[1]", "1.5", $"{actual:R}", "0.25");
    }

    [Fact]
    public void DifferentLengthThrows() =>
        FluentActions.Invoking(() => Comparison.OfTensor(Case("{}"), 5, "w", JsonElement.Parse("[1, 2]"), [1f]))
            .Should().Throw<InvalidDataException>();

    private static GoldenCase Case(string json) => new("a.json", "Adam", "plain", JsonElement.Parse(json));

    // Elements 0 and 2 equal the recording.
    private static Comparison Compare(string json, float second) =>
        Comparison.OfTensor(Case(json), 5, "w", JsonElement.Parse("[1, 1.5, -4]"), [1f, second, -4f]);
}
