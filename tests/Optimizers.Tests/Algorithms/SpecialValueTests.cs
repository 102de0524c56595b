namespace Optimizers.Tests;

/// <summary>A NaN, an infinity or a denormal number does nothing to the elements beside it.</summary>
public sealed class SpecialValueTests
{
    private const int Length = 83;

    private static readonly float[] _specials =
    [
        float.NaN, -float.NaN, float.PositiveInfinity, float.NegativeInfinity, 0f, -0f, float.Epsilon, -1e-40f,
        float.MaxValue, -float.MaxValue, 1e20f, -1e-20f,
    ];

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void ASpecialGradientStaysInItsElement(string name) =>
        StaysInItsElement(name, (_, gradients, place, special) => gradients[1][place] = special);

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void ASpecialParameterStaysInItsElement(string name) =>
        StaysInItsElement(name, (start, _, place, special) => start[place] = special);

    private static void StaysInItsElement(string name, Action<float[], float[][], int, float> plant)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        float[] start = Draw.Floats(1, Length);
        float[][] gradients = Draw.Gradients(2, 3, Length);
        Outcome expected = Outcome.Of(variant.Make(Length, variant.Options, 1), start, gradients);
        int[] places = Draw.Permutation(3, Length)[.._specials.Length];
        for (int i = 0; i < places.Length; i++)
        {
            float[] plantedStart = [.. start];
            float[][] plantedGradients = [.. gradients.Select(g => (float[])g.Clone())];
            plant(plantedStart, plantedGradients, places[i], _specials[i]);
            Outcome outcome = Outcome.Of(variant.Make(Length, variant.Options, 1), plantedStart, plantedGradients);
            Without(places[i], outcome, variant)
                .ShouldHaveTheBitsOf(Without(places[i], expected, variant), $"{_specials[i]:R} at {places[i]}");
        }
    }

    // A norm hands everything on to the parameters, and perhaps to the moments; what it is itself, a scalar remembers.
    private static Outcome Without(int place, Outcome outcome, OptimizerVariant variant) => new(
        variant.SumsOverTensor ? [] : Without(place, outcome.Parameters),
        outcome.State with
        {
            Scalars = variant.SumsIntoState ? new Dictionary<string, double>() : outcome.State.Scalars,
            Slots = outcome.State.Slots.ToDictionary(
                slot => slot.Key,
                slot => (ReadOnlyMemory<float>)(variant.SumsIntoState ? [] : Without(place, slot.Value.Span))),
        });

    private static float[] Without(int place, ReadOnlySpan<float> values) => [.. values[..place], .. values[(place + 1)..]];
}
