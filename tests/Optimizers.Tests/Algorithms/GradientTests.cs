namespace Optimizers.Tests;

/// <summary>Steps with gradients that are zero, scaled or permuted.</summary>
public sealed class GradientTests
{
    private const int Length = 67;
    private const int Steps = 5;

    public static TheoryData<string> VariantsThatRestWithoutGradient() => Catalogue.VariantsWhere(variant =>
        variant.Options.WeightDecay == 0 && !variant.MovesWithoutGradient && !variant.MixesElements);

    public static TheoryData<string> VariantsWithoutPlaces() => Catalogue.VariantsWhere(variant => !variant.HasPlaces);

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void ZeroGradientsCauseOnlyDecay(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        foreach (IOptimizerOptions options in WithAndWithoutEpsilon(variant))
        {
            float[] start = [0, .. Draw.Floats(1, Length - 1).Select(p => p + float.CopySign(1, p))];
            Outcome outcome = Outcome.Of(variant.Make(Length, options, 1), start, Enumerable.Repeat(new float[Length], Steps));
            if (variant.MovesWithoutGradient)
            {
                outcome.Parameters.Should().OnlyContain(p => float.IsFinite(p));
                outcome.Parameters[1..].Should().NotIntersectWith(start[1..]);
            }
            else if (options.WeightDecay == 0 || variant.RestsWithoutGradient)
            {
                outcome.Parameters.ShouldHaveTheBitsOf(start, "parameters");
            }
            else
            {
                outcome.Parameters[0].Should().Be(0);
                foreach ((float before, float after) in start.Zip(outcome.Parameters).Skip(1))
                {
                    (after / before).Should().BeInRange(0.5f, MathF.BitDecrement(1));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void ElementsWithoutGradientStayFiniteWithAndWithoutEpsilon(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        foreach (IOptimizerOptions options in WithAndWithoutEpsilon(variant))
        {
            float[] parameters = WithoutSomeGradients(variant, options).Parameters;
            parameters.Should().OnlyContain(p => float.IsFinite(p));
            parameters[..20].Should().NotIntersectWith(Draw.Floats(1, Length)[..20]);
        }
    }

    [Theory]
    [MemberData(nameof(VariantsThatRestWithoutGradient))]
    public void ElementWithoutAnyGradientDoesNotMove(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        foreach (IOptimizerOptions options in WithAndWithoutEpsilon(variant))
        {
            WithoutSomeGradients(variant, options).Parameters[20..50]
                .ShouldHaveTheBitsOf(Draw.Floats(1, Length)[20..50], "elements without a gradient");
        }
    }

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void GradientScaleMattersOnlyIfTheOptimizerDependsOnIt(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        IOptimizerOptions options = variant.WithoutEpsilon ?? variant.Options;
        bool coupled = options is { DecayForm: DecayForm.Coupled, WeightDecay: > 0 };
        float[] start = Draw.Floats(1, Length);
        float[][] gradients = Draw.Gradients(2, Steps, Length);
        float[] expected = Outcome.Of(variant.Make(Length, options, 1), start, gradients).Parameters;
        foreach (float scale in new[] { 1 / 1024f, 4096f })
        {
            float[][] scaled = [.. gradients.Select(g => Array.ConvertAll(g, x => x * scale))];
            float[] parameters = Outcome.Of(variant.Make(Length, options, 1), start, scaled).Parameters;
            if (variant.IgnoresGradientScale && !coupled)
            {
                parameters.ShouldHaveTheBitsOf(expected, $"gradients times {scale}");
            }
            else
            {
                parameters.Should().NotEqual(expected);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void SignOptimizersMoveEveryElementByTheRate(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        IOptimizer optimizer = variant.Make(Length, variant.Options, 1);
        float rate = (float)variant.Options.LearningRate;
        float[] parameters = Draw.Floats(1, Length);
        bool exactly = true;
        foreach (float[] gradients in Draw.Gradients(2, Steps, Length))
        {
            float[] before = [.. parameters];
            optimizer.Step(parameters, gradients);
            exactly &= before.Zip(parameters).All(pair =>
                pair.Second == pair.First - rate || pair.Second == pair.First + rate);
        }

        // A coupled decay is part of the gradient.
        bool decays = variant.Options is { WeightDecay: > 0, DecayForm: not DecayForm.Coupled };
        exactly.Should().Be(variant.MovesByTheRate && !decays);
    }

    [Theory]
    [MemberData(nameof(VariantsWithoutPlaces))]
    public void PermutedInputGivesPermutedOutput(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        int[] order = Draw.Permutation(4, Length);
        float[] start = Draw.Floats(1, Length);
        float[][] gradients = Draw.Gradients(2, Steps, Length);
        Outcome straight = Outcome.Of(variant.Make(Length, variant.Options, 1), start, gradients);
        Outcome permuted = Outcome.Of(
            variant.Make(Length, variant.Options, 1), Permuted(start), gradients.Select(g => Permuted(g)));

        // A sum in another order may round differently. The difference is a small part of a move, or a rounding of the parameter.
        double tolerance = variant.SumsOverTensor ? Math.Clamp(1e-3 * variant.StartSize, 6e-8, 1e-6) : 0;
        foreach ((string slot, ReadOnlyMemory<float> values) in straight.State.Slots)
        {
            permuted.State.Slots[slot].ToArray().Should().Equal(
                Permuted(values.Span), (a, b) => Math.Abs(a - b) <= (variant.SumsIntoState ? tolerance : 0), slot);
        }

        permuted.Parameters.Should().Equal(Permuted(straight.Parameters), (a, b) => Math.Abs(a - b) <= tolerance);

        float[] Permuted(ReadOnlySpan<float> values)
        {
            var result = new float[values.Length];
            for (int i = 0; i < result.Length; i++)
            {
                result[i] = values[order[i]];
            }

            return result;
        }
    }

    // Thirty elements in the middle always have a gradient of 0.
    private static Outcome WithoutSomeGradients(OptimizerVariant variant, IOptimizerOptions options)
    {
        float[][] gradients = Draw.Gradients(2, Steps, Length);
        foreach (float[] gradient in gradients)
        {
            gradient.AsSpan(20, 30).Clear();
        }

        return Outcome.Of(variant.Make(Length, options, 1), Draw.Floats(1, Length), gradients);
    }

    private static IEnumerable<IOptimizerOptions> WithAndWithoutEpsilon(OptimizerVariant variant) =>
        variant.WithoutEpsilon is { } without ? [variant.Options, without] : [variant.Options];
}
