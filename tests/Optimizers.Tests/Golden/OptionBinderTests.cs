using System.Text.Json;

namespace Optimizers.Tests;

/// <summary>The options of a golden case reach the optimizer or schedule, and an invalid option throws.</summary>
[Trait("Category", "Golden")]
public sealed class OptionBinderTests
{
    [Fact]
    public void NamedOptionsAreSetAndMissingOptionsHaveTheirDefaults() =>
        Record<RAdamOptions>("""{ "Beta1": 0.5, "DecoupledWeightDecay": true, "Maximize": true }""")
            .Should().Be(new RAdamOptions { Beta1 = 0.5, DecoupledWeightDecay = true, Maximize = true });

    [Fact]
    public void NormKindIsReadFromANumberOrAName()
    {
        Record<ClipByGlobalNorm>("""{ "NormKind": 2 }""").NormKind.Should().Be(NormKind.Euclidean);
        Record<ClipByGlobalNorm>("""{ "NormKind": "Infinity" }""").NormKind.Should().Be(NormKind.Infinity);
    }

    [Theory]
    [InlineData("""{ "Beta3": 0.5 }""")]
    [InlineData("""{ "beta1": 0.5 }""")]
    [InlineData("""{ "Beta1": "0.5" }""")]
    [InlineData("""{ "Beta1": null }""")]
    [InlineData("""{ "AmsGrad": 1 }""")]
    public void InvalidOptionOfARecordThrows(string options) =>
        FluentActions.Invoking(() => Record<AdamOptions>(options)).Should().Throw<ArgumentException>();

    [Fact]
    public void CountMayHaveAZeroFraction() =>
        Schedule("Cosine", """{ "Peak": 1, "Steps": 20.0 }""").Should().Be(new Cosine(1, 20));

    [Theory]
    [InlineData("""{ "Peak": 1 }""")]
    [InlineData("""{ "Peak": 1, "Steps": 20.5 }""")]
    [InlineData("""{ "Peak": 1, "Steps": 20, "steps": 20 }""")]
    [InlineData("""{ "Peak": 1, "Steps": 20, "Warmup": 2 }""")]
    public void InvalidOptionOfAScheduleThrows(string options) =>
        FluentActions.Invoking(() => Schedule("Cosine", options)).Should().Throw<ArgumentException>();

    private static T Record<T>(string options) => OptionBinder.Record<T>(typeof(T), JsonElement.Parse(options));

    private static ILrSchedule Schedule(string name, string options) => OptionBinder.Schedule(name, JsonElement.Parse(options));
}
