namespace Optimizers.Tests;

/// <summary>Gradients of a scaled loss are unscaled in the pass, before clipping and before the rule.</summary>
public sealed class LossScaleTests
{
    [Theory]
    [InlineData(65_536)]
    [InlineData(0.25)]
    public void AScaleThatIsAPowerOfTwoChangesNoBit(double lossScale)
    {
        foreach (ClipByGlobalNorm? clip in new[] { null, new ClipByGlobalNorm { MaximumNorm = 0.5 } })
        {
            Run(lossScale, clip).Should().Equal(Run(1, clip));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(1e300)]
    [InlineData(1e-300)]
    public void AScaleWithoutAUsableInverseIsRefused(double lossScale)
    {
        using var set = new ParameterSet();
        set.Add("p", 3).Gradients.Fill(1);
        var model = new ModelOptimizer(set, new AdamOptions());
        model.Invoking(m => m.Step(lossScale)).Should().Throw<ArgumentOutOfRangeException>()
            .Where(e => e.ParamName == "lossScale" && e.ActualValue!.Equals(lossScale));
        model.UpdateCount.Should().Be(0);
        set[0].Values.ToArray().Should().OnlyContain(value => value == 0);
    }

    private static float[] Run(double lossScale, ClipByGlobalNorm? clip)
    {
        using var set = new ParameterSet();
        Parameter parameter = set.Add("p", 300);
        Draw.Floats(1, 300).CopyTo(parameter.Values);
        var model = new ModelOptimizer(set, new AdamOptions(), new() { Clip = clip });
        for (int step = 0; step < 3; step++)
        {
            Draw.Floats(2 + step, 300).Select(g => g * (float)lossScale).ToArray().CopyTo(parameter.Gradients);
            double norm = model.Step(lossScale).GradientNorm;
            norm.Should().BeInRange(5, 15, "it is the norm of the unscaled gradients");
        }

        return parameter.Values.ToArray();
    }
}
