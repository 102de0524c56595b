using Optimizers.Tests.LevelThree;

namespace Optimizers.Tests;

/// <summary>Comparison of the declaration of a slot with its elements.</summary>
public sealed class SlotCheckTests
{
    private const int Length = 5_000;

    public static TheoryData<string, StateFormat> Variants()
    {
        var data = new TheoryData<string, StateFormat>();
        foreach (OptimizerVariant variant in Catalogue.Optimizers.SelectMany(row => row.Variants))
        {
            foreach (StateFormat format in Enum.GetValues<StateFormat>())
            {
                data.Add(variant.Name, format);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void EveryOptimizerDeclaresItsSlotsCorrectly(string name, StateFormat format)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        float[] parameters = Draw.Floats(1, Length);
        var optimizer = new Optimizer(variant.Shape(Length), variant.Options, 1, format);
        for (int step = 0; step < 10; step++)
        {
            optimizer.Step(parameters, Draw.Floats(step, Length), variant.Options.LearningRate);
            optimizer.State.CheckSlots().Should().BeEmpty($"after {step + 1} updates");
        }
    }

    [Theory]
    [InlineData(StateFormat.Float32)]
    [InlineData(StateFormat.BFloat16)]
    [InlineData(StateFormat.Half)]
    [InlineData(StateFormat.Block8)]
    public void UndeclaredSecondMomentIsFound(StateFormat format)
    {
        OptimizerState state = Run(new PlainAdamOptions(), format).State;
        state.CheckSlots().Should().ContainSingle().Which.Should().Match(
            "*\"exp_avg_sq\" is not declared NonNegative, and none of its 5,000 elements is negative after 30 updates*"
            + "new StateSlot(\"exp_avg_sq\") { NonNegative = true }*");
        Run(new PlainAdamOptions { Second = true }, format).State.CheckSlots().Should().BeEmpty();
    }

    [Theory]
    [InlineData(StateFormat.Float32)]
    [InlineData(StateFormat.BFloat16)]
    public void NegativeElementInANonNegativeSlotIsFound(StateFormat format)
    {
        OptimizerState state = Run(new PlainAdamOptions { First = true, Second = true }, format).State;
        state.CheckSlots().Should().ContainSingle().Which.Should().Match(
            "*\"exp_avg\" is declared NonNegative, but the element * is -*Declare it as new StateSlot(\"exp_avg\").");
    }

    [Fact]
    public void InitialStateIsNotReported()
    {
        OptimizerState state = new Optimizer(Length, new PlainAdamOptions()).State;
        state.CheckSlots().Should().BeEmpty();
        new Optimizer(Length, new OwnOptions()).State.CheckSlots().Should().BeEmpty("initial values do not show the kind of a slot");
        new Optimizer(0, new PlainAdamOptions()).State.CheckSlots().Should().BeEmpty();
    }

    [Fact]
    public void ModelIsCheckedByGroups()
    {
        using var set = new ParameterSet();
        set.AddRange([("a", [60]), ("b", [40]), ("c", [40])]);
        var optimizer = new ModelOptimizer(
            set,
            [
                new(new PlainAdamOptions()) { Name = "own", Where = p => p.Name != "c" },
                new(new AdamOptions()),
            ]);
        optimizer.CheckSlots().Should().BeEmpty();
        foreach (Parameter parameter in set)
        {
            // All gradients of "a" have one sign, so its mean looks like a mean of squares.
            parameter.Gradients.Fill(parameter.Name == "a" ? 1 : -1);
        }

        optimizer.Step();
        optimizer.CheckSlots().Should().ContainSingle().Which.Should()
            .Match("In group 0 (\"own\"): The slot \"exp_avg_sq\" *none of its 100 elements is negative after 1 updates*");
        optimizer.StateOf("a").CheckSlots().Should().HaveCount(2);
    }

    [Theory]
    [InlineData(StateFormat.Half)]
    [InlineData(StateFormat.Block8)]
    public void UndeclaredSecondMomentDiverges(StateFormat format)
    {
        Run(new PlainAdamOptions(), format, 300).Largest.Should().BeGreaterThan(10);
        Run(new PlainAdamOptions { Second = true }, format, 300).Largest.Should().BeLessThan(2);
    }

    // Gradients towards a sine, with sizes from 1 to a millionth.
    private static (OptimizerState State, float Largest) Run(PlainAdamOptions options, StateFormat format, int steps = 30)
    {
        float[] parameters = new float[Length], gradients = new float[Length];
        var optimizer = new Optimizer(Length, options, 1, format);
        float largest = 0;
        for (int step = 0; step < steps; step++)
        {
            float[] noise = Draw.Floats(step, Length, 0.05f);
            for (int i = 0; i < Length; i++)
            {
                gradients[i] = MathF.Pow(10, -(i % 7)) * (parameters[i] - MathF.Sin(i) + noise[i]);
            }

            optimizer.Step(parameters, gradients);
            largest = Math.Max(largest, parameters.Max(MathF.Abs));
        }

        return (optimizer.State, largest);
    }
}
