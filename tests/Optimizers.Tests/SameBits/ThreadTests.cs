namespace Optimizers.Tests;

/// <summary>The bits do not depend on the number of threads.</summary>
public sealed class ThreadTests
{
    // Enough for four threads even with only two streams (parameters and gradients), and no multiple of a block.
    private const int Length = 100_007;
    private const int Steps = 3;

    [Theory]
    [MemberData(nameof(Catalogue.Representatives), MemberType = typeof(Catalogue))]
    public void EveryNumberOfThreadsGivesTheSameBits(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        float[] start = Draw.Floats(1, Length);
        float[][] gradients = Draw.Gradients(2, Steps, Length);
        Outcome expected = Outcome.Of(new Optimizer(variant.Shape(Length), variant.Options, threads: 1, widestLane: 1), start, gradients);
        foreach ((int threads, int width) in new[] { (1, 16), (2, 16), (3, 8), (4, 4), (2, 1), (4, 16) })
        {
            Outcome.Of(new Optimizer(variant.Shape(Length), variant.Options, threads, width), start, gradients)
                .ShouldHaveTheBitsOf(expected, $"{threads} threads in lanes of {width}");
        }
    }

    [Theory]
    [MemberData(nameof(Catalogue.Representatives), MemberType = typeof(Catalogue))]
    public void EveryNumberOfThreadsGivesTheSameBitsInAModel(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        float[] start = Draw.Floats(1, Length);
        float[][] gradients = Draw.Gradients(2, Steps, Length);
        Outcome expected = Outcome.Of(new Optimizer(variant.Shape(Length), variant.Options, threads: 1, widestLane: 1), start, gradients);
        foreach ((int threads, int width) in new[] { (1, 1), (2, 8), (3, 16), (4, 4) })
        {
            Outcome.OfModel(variant.Options, start, gradients, new() { Threads = threads }, width)
                .ShouldHaveTheBitsOf(expected, $"{threads} threads in lanes of {width}");
        }
    }
}
