namespace Optimizers.Tests;

/// <summary>An optimizer of one buffer and a model give the same bits.</summary>
public sealed class LevelTests
{
    private const int Steps = 4;

    private static readonly int[] _lengths = [5, 0, 1, 300, 4_096, 17, 0, 4_097, 64];

    public static TheoryData<string> VariantsOfSeparateTensors() => Catalogue.VariantsWhere(variant => !variant.SumsOverGroup);

    public static TheoryData<string> VariantsOfGroups() => Catalogue.VariantsWhere(variant => variant.SumsOverGroup);

    [Theory]
    [MemberData(nameof(VariantsOfSeparateTensors))]
    public void ModelEqualsOneOptimizerPerParameter(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        float[] start = Draw.Floats(1, _lengths.Sum());
        float[][] gradients = Draw.Gradients(2, Steps, start.Length);
        IReadOnlyList<Outcome> outcomes = OfModel(variant, start, gradients, new());
        int begin = 0;
        for (int i = 0; i < _lengths.Length; begin += _lengths[i++])
        {
            Range part = begin..(begin + _lengths[i]);
            Outcome.Of(variant.Make(_lengths[i], variant.Options, 1), start[part], gradients.Select(g => g[part]))
                .ShouldHaveTheBitsOf(outcomes[i], $"tensor {i}");
        }
    }

    [Theory]
    [MemberData(nameof(VariantsOfGroups))]
    public void ModelDiffersFromOneOptimizerPerParameterIfTheRuleSumsOverTheGroup(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        float[] start = Draw.Floats(1, _lengths.Sum());
        float[][] gradients = Draw.Gradients(2, Steps, start.Length);
        OfModel(variant, start, gradients, new())[3].State.Scalars.Should().NotEqual(
            Outcome.Of(variant.Make(_lengths[3], variant.Options, 1), start[6..306], gradients.Select(g => g[6..306])).State.Scalars);
    }

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void ManyTensorsEqualOneBufferUnlessTheRuleSumsOverTensors(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        float[] start = Draw.Floats(1, _lengths.Sum());
        float[][] gradients = Draw.Gradients(2, Steps, start.Length);
        Outcome whole = Outcome.Of(variant.Make(start.Length, variant.Options, 1), start, gradients);
        float[] parts = [.. OfModel(variant, start, gradients, new()).SelectMany(outcome => outcome.Parameters)];
        if (variant.SumsOverGroup && !variant.Options.Cautious)
        {
            // The same sums in different parts: the difference is a rounding of the parameter, which moves by a hundred.
            parts.Should().Equal(whole.Parameters, (a, b) => Math.Abs(a - b) <= 6e-8).And.NotEqual(start);
        }
        else if (variant.SumsOverTensor)
        {
            parts.Should().NotEqual(whole.Parameters);
        }
        else
        {
            parts.ShouldHaveTheBitsOf(whole.Parameters, "one buffer");
        }
    }

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void ZeroingGradientsChangesNoBit(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        float[] start = Draw.Floats(1, _lengths.Sum());
        float[][] gradients = Draw.Gradients(2, Steps, start.Length);
        IReadOnlyList<Outcome> kept = OfModel(variant, start, gradients, new());
        IReadOnlyList<Outcome> zeroed = OfModel(variant, start, gradients, new() { ZeroGradients = true });
        for (int i = 0; i < _lengths.Length; i++)
        {
            zeroed[i].ShouldHaveTheBitsOf(kept[i], $"tensor {i}");
        }
    }

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void ClippingInTheStepEqualsClippingBeforeIt(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        float[] start = Draw.Floats(1, 5_000);
        float[][] gradients = Draw.Gradients(2, Steps, start.Length);
        foreach (ClipByGlobalNorm clip in new ClipByGlobalNorm[]
                 { new() { MaximumNorm = 0.3 }, new() { MaximumNorm = 0.3, NormKind = NormKind.Infinity }, new() { MaximumNorm = 1e6 } })
        {
            float[][] clipped = [.. gradients.Select(g => (float[])g.Clone())];
            foreach (float[] gradient in clipped)
            {
                clip.Apply(gradient);
            }

            Outcome expected = Outcome.Of(variant.Make(start.Length, variant.Options, 1), start, clipped);
            Outcome.OfModel(variant.Options, start, gradients, new() { Clip = clip })
                .ShouldHaveTheBitsOf(expected, $"{clip}");
            Outcome.OfModel(variant.Options, start, gradients, new() { Clip = clip, ZeroGradients = true })
                .ShouldHaveTheBitsOf(expected, $"{clip}, zeroing");
        }
    }

    private static List<Outcome> OfModel(
        OptimizerVariant variant, float[] start, float[][] gradients, ModelOptimizerOptions options)
    {
        using var set = new ParameterSet();
        set.AddRange([.. _lengths.Select((length, i) => ($"p{i}", variant.Shape(length)))]);
        Scatter(start, set, parameter => parameter.Values);
        var optimizer = new ModelOptimizer(set, variant.Options, options);
        foreach (float[] gradient in gradients)
        {
            Scatter(gradient, set, parameter => parameter.Gradients);
            optimizer.Step();
            Gathered(set, parameter => parameter.Gradients)
                .ShouldHaveTheBitsOf(options.ZeroGradients ? new float[start.Length] : gradient, "gradients after the step");
        }

        return [.. set.Select(p => new Outcome(p.Values.ToArray(), optimizer.StateOf(p.Name).Save()))];
    }

    private static void Scatter(ReadOnlySpan<float> values, ParameterSet set, Func<Parameter, Span<float>> buffer)
    {
        foreach (Parameter parameter in set)
        {
            values[..parameter.Length].CopyTo(buffer(parameter));
            values = values[parameter.Length..];
        }
    }

    private static float[] Gathered(ParameterSet set, Func<Parameter, Span<float>> buffer) =>
        [.. set.SelectMany(parameter => buffer(parameter).ToArray())];
}
