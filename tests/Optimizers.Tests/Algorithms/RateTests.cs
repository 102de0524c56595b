namespace Optimizers.Tests;

public sealed class RateTests
{
    private const int Length = 67;

    private static readonly float[] _delicate =
        [-0f, 0f, float.Epsilon, -float.Epsilon, 1e-40f, -1e-39f, 1, -1, 1e30f, -1e30f, float.MaxValue, 1 / 3f];

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void RateOfZeroChangesNoBitOfTheParameters(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        IOptimizer optimizer = variant.Make(Length, variant.Options, 1);
        float[] start = Delicate();
        float[] parameters = [.. start];
        foreach (float[] gradients in Draw.Gradients(1, 20, Length))
        {
            optimizer.Step(parameters, gradients, 0);
        }

        parameters.ShouldHaveTheBitsOf(start, "parameters");
        optimizer.State.Iteration.Should().Be(20);
    }

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void RateOfZeroWithDecayChangesNoBitOfTheParameters(string name)
    {
        using var set = new ParameterSet();
        Parameter parameter = set.Add("p", Catalogue.Variant(name).Shape(Length));
        Delicate().CopyTo(parameter.Values);
        var group = new ParameterGroup(Catalogue.Variant(name).Options) { WeightDecay = 0.25, RateFactor = 0 };

        // With a coupled decay, the square of the gradient 1e30 is infinite. The other policies refuse it.
        var optimizer = new ModelOptimizer(set, [group], new ModelOptimizerOptions { NonFinite = NonFinitePolicy.Propagate });
        foreach (float[] gradients in Draw.Gradients(1, 20, Length))
        {
            gradients.CopyTo(parameter.Gradients);
            optimizer.Step();
        }

        parameter.Values.ToArray().ShouldHaveTheBitsOf(Delicate(), "parameters");
    }

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void RateOfZeroWithNonFiniteGradientChangesNoParameter(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        IOptimizer optimizer = variant.Make(3, variant.Options, 1);
        float[] start = [1, -2, -0f];
        float[] parameters = [.. start];
        optimizer.Step(parameters, (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity], 0);
        parameters.ShouldHaveTheBitsOf(start, "parameters");
    }

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void RateBelowTheFloatRangeMovesNothing(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        foreach (double rate in new[] { double.Epsilon, 1e-300, 1e-60, 1e-46 })
        {
            IOptimizer optimizer = variant.Make(Length, variant.Options, 1);
            float[] start = Draw.Floats(1, Length);
            float[] parameters = [.. start];
            optimizer.Step(parameters, Draw.Floats(2, Length), rate);
            parameters.ShouldHaveTheBitsOf(start, $"rate {rate:R}");
        }
    }

    [Theory]
    [MemberData(nameof(Catalogue.Rows), MemberType = typeof(Catalogue))]
    public void LargestFloatIsAcceptedAsRateAndLargerRatesThrow(string name)
    {
        OptimizerRow row = Catalogue.Row(name);
        IOptimizer optimizer = row.Make(1, WithoutDecay(row.Defaults), 1);
        optimizer.Step((float[])[0], (float[])[1e-30f], float.MaxValue);
        optimizer.Invoking(o => o.Step((float[])[0], (float[])[0], 2.0 * float.MaxValue))
            .Should().Throw<ArgumentOutOfRangeException>().WithParameterName("learningRate");
        optimizer.State.Iteration.Should().Be(1);
    }

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void StepWithoutRateUsesTheRateOfTheOptions(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        float[] start = Draw.Floats(1, Length);
        float[] gradients = Draw.Floats(2, Length);
        Outcome implied = Outcome.Of(variant.Make(Length, variant.Options, 1), start, [gradients]);
        IOptimizer optimizer = variant.Make(Length, variant.Options, 1);
        optimizer.Step(start, gradients, variant.Options.LearningRate);
        optimizer.LearningRate.Should().Be(variant.Options.LearningRate);
        implied.Parameters.ShouldHaveTheBitsOf(start, "parameters");
    }

    // A decoupled decay lowers the largest valid rate.
    private static IOptimizerOptions WithoutDecay(IOptimizerOptions options) => options switch
    {
        AdamWOptions adamW => adamW with { WeightDecay = 0 },
        AsgdOptions asgd => asgd with { Lambda = 0 },
        MuonOptions muon => muon with { WeightDecay = 0 },
        SophiaOptions sophia => sophia with { WeightDecay = 0 },
        _ => options,
    };

    private static float[] Delicate()
    {
        float[] values = Draw.Floats(3, Length);
        _delicate.CopyTo(values, 4);
        return values;
    }
}
