namespace Optimizers.Tests;

/// <summary>Rounding to bfloat16: single values, lanes of every width, and in the pass of a step.</summary>
public sealed class BFloat16Tests
{
    [Theory]
    [InlineData(1f, 0x3F80)]
    [InlineData(-2f, 0xC000)]
    [InlineData(1.00390625f, 0x3F80)]
    [InlineData(1.01171875f, 0x3F82)]
    [InlineData(1.0039064f, 0x3F81)]
    [InlineData(0f, 0)]
    [InlineData(-0f, 0x8000)]
    [InlineData(float.MaxValue, 0x7F80)]
    [InlineData(float.NegativeInfinity, 0xFF80)]
    [InlineData(1.4e-45f, 0)]
    public void RoundsToNearestAndTiesToEven(float value, int bits) =>
        BFloat16.Round(value).Bits.Should().Be((ushort)bits);

    [Theory]
    [InlineData(0x7F800001u, 0x7FC0)]
    [InlineData(0xFFFFFFFFu, 0xFFFF)]
    public void NaNStaysNaNAndKeepsItsSign(uint nan, int bits) =>
        BFloat16.Round(BitConverter.UInt32BitsToSingle(nan)).Bits.Should().Be((ushort)bits);

    [Fact]
    public void EveryBFloat16RoundsToItself()
    {
        for (int bits = 0; bits <= ushort.MaxValue; bits++)
        {
            var value = new BFloat16((ushort)bits);
            if (!float.IsNaN(value.ToSingle()))
            {
                BFloat16.Round(value.ToSingle()).Should().Be(value);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(16)]
    public void StepWritesTheRoundedCopy(int widestLane)
    {
        foreach (OptimizerVariant variant in Catalogue.Optimizers.SelectMany(row => row.Variants).Where(Catalogue.IsRepresentative))
        {
            foreach (double rate in new[] { 0.1, 0 })
            {
                using var set = new ParameterSet();
                Parameter parameter = set.Add("p", variant.Shape(5_003));
                Draw.Floats(1, 5_003).CopyTo(parameter.Values);
                parameter.Values[77] = -0f;
                parameter.KeepBFloat16Copy();
                var group = new ParameterGroup(variant.Options) { Schedule = new Schedules.Constant(rate) };
                var model = new ModelOptimizer(set, [group], new() { Clip = new ClipByGlobalNorm(), NonFinite = NonFinitePolicy.Propagate }, widestLane);
                for (int step = 0; step < 3; step++)
                {
                    Draw.Floats(2 + step, 5_003).CopyTo(parameter.Gradients);
                    parameter.Gradients[5] = step == 2 ? float.NaN : 1;
                    model.Step();
                    parameter.BFloat16Values.ToArray()
                        .Should().Equal(parameter.Values.ToArray().Select(BFloat16.Round), variant.Name);
                }
            }
        }
    }

    [Fact]
    public void CopyRequestedBetweenStepsIsUpdated()
    {
        using var set = new ParameterSet();
        Parameter parameter = set.Add("p", 100);
        parameter.Gradients.Fill(1);
        var model = new ModelOptimizer(set, new SgdOptions { LearningRate = 1 });
        model.Step();
        parameter.BFloat16Values.IsEmpty.Should().BeTrue();
        parameter.KeepBFloat16Copy();
        parameter.BFloat16Values.ToArray().Should().OnlyContain(value => value.ToSingle() == -1);
        model.Step();
        parameter.BFloat16Values.ToArray().Should().OnlyContain(value => value.ToSingle() == -2);
        parameter.Values.Fill(3);
        parameter.KeepBFloat16Copy();
        parameter.BFloat16Values.ToArray().Should().OnlyContain(value => value.ToSingle() == 3);
    }
}
