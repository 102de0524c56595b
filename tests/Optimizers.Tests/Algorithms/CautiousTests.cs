namespace Optimizers.Tests;

/// <summary>Tests of cautious updates, in addition to the comparison with the slow loop of the catalogue.</summary>
public sealed class CautiousTests
{
    private const int Length = 4_201;

    public static TheoryData<string> Rows() =>
        [.. Catalogue.Optimizers.Where(Has).Select(row => row.Type.Name)];

    [Theory]
    [MemberData(nameof(Rows))]
    public void StepEqualsThePlainStepIfAllSignsAgree(string name)
    {
        IOptimizerOptions options = Catalogue.Variant($"{name}, cautious").Options;
        float[] start = Draw.Floats(1, Length);

        // With the same gradient in every step, no momentum changes its sign.
        float[] gradient = Draw.Floats(2, Length);
        IOptimizerOptions plain = Cautious.With(options, nameof(options.Cautious), false);
        int[] shape = Catalogue.Variant($"{name}, cautious").Shape(Length);
        Outcome expected = Outcome.Of(new Optimizer(shape, plain), start, Enumerable.Repeat(gradient, 5));
        Outcome.Of(new Optimizer(shape, options), start, Enumerable.Repeat(gradient, 5)).ShouldHaveTheBitsOf(expected, name);
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void NoElementMovesAlongItsGradient(string name)
    {
        IOptimizerOptions options = Cautious.With(Catalogue.Variant($"{name}, cautious").Options, "WeightDecay", 0.0);
        var optimizer = new Optimizer(Catalogue.Variant($"{name}, cautious").Shape(Length), options);
        float[] parameters = Draw.Floats(1, Length);
        int resting = 0;
        foreach (float[] gradient in Draw.Gradients(2, 6, Length))
        {
            float[] before = [.. parameters];
            optimizer.Step(parameters, gradient);
            before.Zip(parameters, gradient).Should().NotContain(one => MathF.Sign(one.Second - one.First) * MathF.Sign(one.Third) > 0);
            resting += before.Zip(parameters).Count(pair => pair.First == pair.Second);
        }

        resting.Should().BeGreaterThan(Length / 20, "the momentum of some elements has another sign than the gradient");
    }

    // The momentum is not 0, but no gradient agrees with it.
    [Theory]
    [MemberData(nameof(Rows))]
    public void ZeroGradientsMoveNothing(string name)
    {
        IOptimizerOptions options = Cautious.With(Catalogue.Variant($"{name}, cautious").Options, "WeightDecay", 0.0);
        var optimizer = new Optimizer(Catalogue.Variant($"{name}, cautious").Shape(Length), options);
        float[] parameters = Draw.Floats(1, Length);
        optimizer.Step(parameters, Draw.Floats(2, Length));
        float[] before = [.. parameters];
        foreach (float zero in new[] { 0f, -0f })
        {
            optimizer.Step(parameters, [.. Enumerable.Repeat(zero, Length)]);
            parameters.ShouldHaveTheBitsOf(before, $"a gradient of {zero}");
        }
    }

    [Fact]
    public void ScalingIsAtMostAThousand()
    {
        var options = new MomentumOptions { LearningRate = 1, Momentum = 0.5, Cautious = true };
        var optimizer = new Optimizer(Length, options);
        var parameters = new float[Length];
        var gradient = new float[Length];
        gradient.AsSpan().Fill(1);
        optimizer.Step(parameters, gradient);
        parameters.Should().OnlyContain(p => p == -1);

        // All elements but one have the velocity 0.5 − 0.25 against the gradient −0.25.
        gradient.AsSpan().Fill(-0.25f);
        gradient[7] = 0.5f;
        optimizer.Step(parameters, gradient);
        parameters[7].Should().Be(-1 - 1_000);
        parameters.Where((_, i) => i != 7).Should().OnlyContain(p => p == -1);
    }

    [Fact]
    public void DecoupledDecayActsOnEveryElement()
    {
        var options = new AdamWOptions { LearningRate = 0.5, WeightDecay = 0.5, Cautious = true };
        float[] parameters = [4, 8];
        new Optimizer(2, options).Step(parameters, (float[])[0, 0]);
        parameters.Should().Equal(3, 6);
    }

    [Fact]
    public void RuleThatUsesTheParameterThrows()
    {
        FluentActions.Invoking(() => new Optimizer(1, new AdanOptions { Cautious = true }))
            .Should().Throw<ArgumentException>().WithMessage("*Cautious*AdanOptions*");
        new Optimizer(1, new AdanOptions { Cautious = true, DecoupledWeightDecay = true }).Should().NotBeNull();
    }

    private static bool Has(OptimizerRow row) => row.Defaults.GetType().GetProperty(nameof(IOptimizerOptions.Cautious)) is not null;
}
