namespace Optimizers.Tests;

public sealed class ClipByGlobalNormTests
{
    [Fact]
    public void LargeGradientsAreScaledToTheNorm()
    {
        float[] gradients = [3, 0, -4];
        new ClipByGlobalNorm { MaximumNorm = 1 }.Apply(gradients).Should().Be(5);
        float factor = (float)(1 / (5 + 1e-6));
        gradients.Should().Equal(3 * factor, 0, -4 * factor);
    }

    [Fact]
    public void SmallGradientsKeepEveryBit()
    {
        float[] gradients = Draw.Floats(1, 100);
        new ClipByGlobalNorm { MaximumNorm = 100 }.Apply(gradients);
        gradients.ShouldHaveTheBitsOf(Draw.Floats(1, 100), "gradients");
    }

    [Fact]
    public void InfinityNormIsTheLargestMagnitude()
    {
        float[] gradients = [3, 0, -4];
        new ClipByGlobalNorm { MaximumNorm = 1, NormKind = NormKind.Infinity }.Apply(gradients).Should().Be(4);
        gradients[2].Should().Be(-4 * (float)(1 / (4 + 1e-6)));
    }

    [Theory]
    [InlineData(NormKind.Euclidean)]
    [InlineData(NormKind.Infinity)]
    public void SetIsMeasuredAndScaledAsAWhole(NormKind kind)
    {
        using var set = new ParameterSet();
        set.AddRange(("a", [3, 2]), ("missing", [4]), ("empty", [0]), ("b", []));
        foreach (Parameter parameter in set)
        {
            Draw.Floats(parameter.Length, parameter.Length, 10).CopyTo(parameter.Gradients);
        }

        set["missing"].HasGradient = false;
        float[] missing = set["missing"].Gradients.ToArray();
        float[] together = [.. set["a"].Gradients, .. set["b"].Gradients];
        var clip = new ClipByGlobalNorm { MaximumNorm = 0.5, NormKind = kind };
        clip.Apply(set).Should().BeApproximately(clip.Apply(together), 1e-12);
        ((float[])[.. set["a"].Gradients, .. set["b"].Gradients]).ShouldHaveTheBitsOf(together, "gradients");
        set["missing"].Gradients.ToArray().ShouldHaveTheBitsOf(missing, "the parameter without a gradient");
    }

    [Theory]
    [InlineData(NormKind.Euclidean)]
    [InlineData(NormKind.Infinity)]
    public void ZeroAndMissingGradientsHaveNormZero(NormKind kind)
    {
        var clip = new ClipByGlobalNorm { NormKind = kind };
        clip.Apply(new float[7]).Should().Be(0);
        clip.Apply(Span<float>.Empty).Should().Be(0);
        using var set = new ParameterSet();
        clip.Apply(set).Should().Be(0);
        set.Add("p", 3).HasGradient = false;
        clip.Apply(set).Should().Be(0);
    }

    [Theory]
    [InlineData(NormKind.Euclidean)]
    [InlineData(NormKind.Infinity)]
    public void NonFiniteGradientsGiveANonFiniteNorm(NormKind kind)
    {
        var clip = new ClipByGlobalNorm { NormKind = kind };
        float[] infinite = [1, float.NegativeInfinity, 2];
        clip.Apply(infinite).Should().Be(double.PositiveInfinity);
        infinite.Should().Equal(0, float.NaN, 0);
        float[] undefined = [1, float.NaN, 2];
        clip.Apply(undefined).Should().Be(double.NaN);
        undefined.Should().OnlyContain(g => float.IsNaN(g));
    }

    [Fact]
    public void InvalidArgumentThrows()
    {
        foreach (double value in BadNumbers.NotFiniteOrNegative)
        {
            FluentActions.Invoking(() => new ClipByGlobalNorm { MaximumNorm = value }).Should().Throw<ArgumentOutOfRangeException>()
                .WithParameterName("MaximumNorm").WithMessage($"*{value}*");
        }

        FluentActions.Invoking(() => new ClipByGlobalNorm { NormKind = (NormKind)3 }).Should().Throw<ArgumentOutOfRangeException>()
            .WithParameterName("NormKind").WithMessage("*3*");
        FluentActions.Invoking(() => new ClipByGlobalNorm().Apply((ParameterSet)null!)).Should().Throw<ArgumentNullException>()
            .WithParameterName("parameters");
    }

    [Fact]
    public void OverlappingGradientsAreNotScaledTwice()
    {
        float[] gradients = [3, 4, 5];
        using var set = new ParameterSet();
        set.AddView("a", [2], new float[2], gradients.AsMemory(0, 2));
        set.AddView("b", [2], new float[2], gradients.AsMemory(1, 2));
        new ClipByGlobalNorm().Invoking(clip => clip.Apply(set))
            .Should().Throw<ArgumentException>().WithMessage("*\"b\"*\"a\"*clipped*").WithParameterName("parameters");
        gradients.Should().Equal(3, 4, 5);
    }
}
