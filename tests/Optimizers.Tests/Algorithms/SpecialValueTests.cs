namespace Optimizers.Tests;

/// <summary>
/// A NaN, an infinity or a denormal number does not affect the other elements, unless the rule has sums over them. With sums,
/// its effect is the documented one.
/// </summary>
public sealed class SpecialValueTests
{
    private const int Length = 81;

    // The fifth row and the fifth column of a 9 × 9 matrix.
    private const int Place = 40;
    private const int Side = 9;

    private static readonly float[] _specials =
    [
        float.NaN, -float.NaN, float.PositiveInfinity, float.NegativeInfinity, 0f, -0f, float.Epsilon, -1e-40f,
        float.MaxValue, -float.MaxValue, 1e20f, -1e-20f,
    ];

    // The documented effect for each optimizer with sums, in the order: NaN gradient, infinite gradient, NaN parameter.
    private static readonly Dictionary<Type, SpecialRow> _sums = new()
    {
        [typeof(LambOptions)] = new(Spread.All, Spread.All, Spread.All),
        [typeof(LarsOptions)] = new(Spread.All, Spread.All, Spread.All) { Slots = { ["momentum_buffer"] = Spread.All } },
        [typeof(NovoGradOptions)] = new(Spread.All, Spread.Own, Spread.Own)
        {
            Slots = { ["exp_avg"] = Spread.All },
            Scalars = { ["exp_avg_sq"] = double.NaN },
        },
        // The averages of the rows and columns of a matrix are floats.
        [typeof(AdafactorOptions)] = new(Spread.All, Spread.All, Spread.All) { LargeGradientsAreFinite = false },
        [typeof(MuonOptions)] = new(Spread.All, Spread.All, Spread.Own),
        [typeof(ProdigyOptions)] = new(Spread.All, Spread.All, Spread.All)
        {
            Slots = { ["exp_avg"] = Spread.All, ["exp_avg_sq"] = Spread.All, ["s"] = Spread.All, ["p0"] = Spread.None },
            Scalars = { ["d"] = double.NaN, ["d_max"] = double.NaN },
        },
    };

    public static TheoryData<string> VariantsOfSeparateElements() => Catalogue.VariantsWhere(variant => !variant.SumsOverTensor);

    public static TheoryData<string> VariantsOfSeparateState() =>
        Catalogue.VariantsWhere(variant => variant.SumsOverTensor && !variant.SumsIntoState);

    public static TheoryData<string> VariantsOfSums() => Catalogue.VariantsWhere(variant => variant.SumsOverTensor);

    public static TheoryData<string> VariantsOfSumsThatMoveEveryElement() =>
        Catalogue.VariantsWhere(variant => variant.SumsOverTensor && !variant.Options.Cautious);

    [Theory]
    [MemberData(nameof(VariantsOfSeparateElements))]
    public void SpecialGradientAffectsOnlyItsElement(string name) =>
        StaysInItsElement(name, alsoOfTheParameters: true, (_, gradients, place, special) => gradients[1][place] = special);

    [Theory]
    [MemberData(nameof(VariantsOfSeparateElements))]
    public void SpecialParameterAffectsOnlyItsElement(string name) =>
        StaysInItsElement(name, alsoOfTheParameters: true, (start, _, place, special) => start[place] = special);

    [Theory]
    [MemberData(nameof(VariantsOfSeparateState))]
    public void SpecialGradientAffectsOnlyTheStateOfItsElement(string name) =>
        StaysInItsElement(name, alsoOfTheParameters: false, (_, gradients, place, special) => gradients[1][place] = special);

    [Theory]
    [MemberData(nameof(VariantsOfSeparateState))]
    public void SpecialParameterAffectsOnlyTheStateOfItsElement(string name) =>
        StaysInItsElement(name, alsoOfTheParameters: false, (start, _, place, special) => start[place] = special);

    [Fact]
    public void EveryOptimizerWithSumsIsInTheTable() =>
        _sums.Keys.Should().BeEquivalentTo(Catalogue.Optimizers.SelectMany(row => row.Variants)
            .Where(variant => variant.SumsOverTensor && !variant.Options.Cautious)
            .Select(variant => variant.Options.GetType()).Distinct());

    [Theory]
    [MemberData(nameof(VariantsOfSums))]
    public void NaNGradientSpreadsAsDocumented(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        SpecialRow row = SpreadOf(variant);
        Outcome outcome = WithGradient(variant, float.NaN);
        NotFinite(outcome.Parameters).Should().Equal(Elements(row.Gradient, "parameters", Length));
        foreach ((string slot, ReadOnlyMemory<float> values) in outcome.State.Slots)
        {
            int[] spread = NotFinite(values.Span);
            if (_sums.ContainsKey(variant.Options.GetType()))
            {
                spread.Should().Equal(Elements(row.Slots.GetValueOrDefault(slot, Spread.Own), slot, values.Length), $"slot {slot}");
            }
            else
            {
                spread.Should().BeSubsetOf([Place], $"{slot} has separate elements");
            }
        }

        foreach ((string scalar, double value) in row.Scalars)
        {
            outcome.State.Scalars[scalar].Should().Be(value, scalar);
        }
    }

    [Theory]
    [MemberData(nameof(VariantsOfSums))]
    public void InfiniteGradientSpreadsAsDocumented(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        foreach (float infinity in new[] { float.PositiveInfinity, float.NegativeInfinity })
        {
            int[] spread = NotFinite(WithGradient(variant, infinity).Parameters);
            if (_sums.ContainsKey(variant.Options.GetType()))
            {
                spread.Should().Equal(Elements(SpreadOf(variant).Infinity, "parameters", Length), $"an infinity of {infinity}");
            }
            else
            {
                spread.Should().BeSubsetOf([Place], $"{infinity} is in one element");
            }
        }
    }

    [Theory]
    [MemberData(nameof(VariantsOfSums))]
    public void NaNParameterSpreadsAsDocumented(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        float[] start = Draw.Floats(1, Length);
        start[Place] = float.NaN;
        NotFinite(Outcome.Of(variant.Make(Length, variant.Options, 1), start, Draw.Gradients(2, 3, Length)).Parameters)
            .Should().Equal(Elements(SpreadOf(variant).Parameter, "parameters", Length));
    }

    // Their squares do not change a sum of doubles.
    [Theory]
    [MemberData(nameof(VariantsOfSumsThatMoveEveryElement))]
    public void TinyGradientHasTheEffectOfZero(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        Outcome zero = WithGradient(variant, 0);
        zero.Parameters.Should().OnlyContain(p => float.IsFinite(p));
        foreach (float tiny in new[] { -0f, float.Epsilon, -float.Epsilon, -1e-40f, 1e-38f, -1e-20f })
        {
            WithGradient(variant, tiny).Parameters.ShouldHaveTheBitsOf(zero.Parameters, $"a gradient of {tiny:R}");
        }
    }

    [Theory]
    [MemberData(nameof(VariantsOfSums))]
    public void FiniteGradientKeepsParametersFinite(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        float[] large = SpreadOf(variant).LargeGradientsAreFinite ? [1e20f, -1e20f, 1e38f, -1e38f] : [];
        foreach (float finite in (float[])[0, -0f, float.Epsilon, -1e-40f, 1e-20f, 1e15f, .. large])
        {
            NotFinite(WithGradient(variant, finite).Parameters).Should().BeEmpty($"a gradient of {finite:R}");
        }
    }

    /// <summary>The documented effect for an optimizer with sums, or with a sum only because it is cautious.</summary>
    internal static SpecialRow SpreadOf(OptimizerVariant variant)
    {
        SpecialRow row = _sums.GetValueOrDefault(variant.Options.GetType()) ?? new(Spread.Own, Spread.Own, Spread.Own);

        // A NaN agrees with no sign, so a cautious optimizer does not move. In Prodigy, d is also part of the decay.
        return !variant.Options.Cautious || variant.SumsOverGroup
            ? row
            : row with { Gradient = Spread.None, Infinity = Spread.None, Parameter = Spread.Own };
    }

    private static Outcome WithGradient(OptimizerVariant variant, float special)
    {
        float[][] gradients = Draw.Gradients(2, 3, Length);
        gradients[1][Place] = special;
        return Outcome.Of(variant.Make(Length, variant.Options, 1), Draw.Floats(1, Length), gradients);
    }

    private static int[] NotFinite(ReadOnlySpan<float> values)
    {
        var places = new List<int>();
        for (int i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
            {
                places.Add(i);
            }
        }

        return [.. places];
    }

    private static int[] Elements(Spread spread, string name, int length) => spread switch
    {
        Spread.All => [.. Enumerable.Range(0, length)],
        Spread.None => [],
        _ => [name switch { "row_var" => Place / Side, "col_var" => Place % Side, _ => Place }],
    };

    private static void StaysInItsElement(string name, bool alsoOfTheParameters, Action<float[], float[][], int, float> plant)
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
            string what = $"{_specials[i]:R} at {places[i]}";
            WithoutState(places[i], outcome).ShouldHaveTheBitsOf(WithoutState(places[i], expected), what);
            if (alsoOfTheParameters)
            {
                Without(places[i], outcome.Parameters).ShouldHaveTheBitsOf(Without(places[i], expected.Parameters), what);
            }
        }
    }

    private static OptimizerSnapshot WithoutState(int place, Outcome outcome) => outcome.State with
    {
        Slots = outcome.State.Slots.ToDictionary(
            slot => slot.Key, slot => (ReadOnlyMemory<float>)Without(place, slot.Value.Span)),
    };

    private static float[] Without(int place, ReadOnlySpan<float> values) => [.. values[..place], .. values[(place + 1)..]];
}

/// <summary>The elements that are not finite after a step with one non-finite number.</summary>
internal enum Spread
{
    None,
    Own,
    All,
}

/// <summary>The effect of special values in an optimizer with sums.</summary>
/// <param name="Gradient">The parameters after a NaN in the gradient.</param>
/// <param name="Infinity">The parameters after an infinity in the gradient.</param>
/// <param name="Parameter">The parameters after a NaN among them.</param>
internal sealed record SpecialRow(Spread Gradient, Spread Infinity, Spread Parameter)
{
    /// <summary>The slots after a NaN in the gradient. A slot that is not listed is NaN only in the same element.</summary>
    public Dictionary<string, Spread> Slots { get; } = [];

    /// <summary>The scalars after a NaN in the gradient.</summary>
    public Dictionary<string, double> Scalars { get; } = [];

    /// <summary>Whether the parameters stay finite after gradients whose squares overflow a float.</summary>
    public bool LargeGradientsAreFinite { get; init; } = true;
}
