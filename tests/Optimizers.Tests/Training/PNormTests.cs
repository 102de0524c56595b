namespace Optimizers.Tests;

public sealed class PNormTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(1.5)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(40)]
    public void PNormIsTheRootOfTheSumOfPowers(double order)
    {
        float[] gradients = Draw.Floats(1, 10_000);
        double largest = gradients.Max(g => Math.Abs((double)g));
        double expected = largest * Math.Pow(gradients.Sum(g => Math.Pow(Math.Abs(g) / largest, order)), 1 / order);
        var clip = new ClipByGlobalNorm { NormKind = NormKind.P, Order = order, MaximumNorm = expected / 2 };
        clip.Apply(gradients).Should().BeApproximately(expected, 1e-12 * expected);
        clip.Apply(gradients).Should().BeApproximately(expected / 2, 1e-6 * expected);
    }

    [Fact]
    public void PowersOfLargeGradientsDoNotOverflow()
    {
        float[] gradients = [3e38f, -3e38f, 0, 1e-38f];
        new ClipByGlobalNorm { NormKind = NormKind.P, Order = 10 }.Apply(gradients)
            .Should().BeApproximately(3e38f * Math.Pow(2, 0.1), 1e26);
        gradients[0].Should().BeApproximately((float)Math.Pow(2, -0.1), 1e-6f);
    }

    [Fact]
    public void NonFiniteGradientsGiveANonFiniteNorm()
    {
        var clip = new ClipByGlobalNorm { NormKind = NormKind.P, Order = 3 };
        clip.Apply(new float[5]).Should().Be(0);
        clip.Apply((float[])[1, float.NaN]).Should().Be(double.NaN);
        clip.Apply((float[])[1, float.NegativeInfinity]).Should().Be(double.PositiveInfinity);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void InvalidOrderThrows(double order) =>
        FluentActions.Invoking(() => new ClipByGlobalNorm { Order = order }).Should().Throw<ArgumentOutOfRangeException>().WithParameterName("Order");
}
