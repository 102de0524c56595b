namespace Optimizers.Schedules;

/// <summary>Converts a rate that is good for one batch size to another batch size.</summary>
/// <remarks>
/// Both methods are rules of thumb. Each holds only up to some batch size. Start a larger batch with a warmup, as Goyal et
/// al. do.
/// </remarks>
public static class BatchScaling
{
    /// <summary>Scales the rate in proportion to the batch size.</summary>
    /// <remarks>
    /// <para>Goyal et al. 2017, arXiv 1706.02677, section 2.1. Use it for gradient descent with momentum. One step with the
    /// mean of k times as many gradients, at k times the rate, is about as long as k small steps.</para>
    /// <code>learningRate·batchSize/referenceBatchSize</code>
    /// </remarks>
    /// <param name="learningRate">The rate that is good for the reference batch size. Finite, at least 0.</param>
    /// <param name="referenceBatchSize">The batch size for which the rate is good, at least 1.</param>
    /// <param name="batchSize">The new batch size, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public static double Linear(double learningRate, long referenceBatchSize, long batchSize) =>
        learningRate * Ratio(learningRate, referenceBatchSize, batchSize);

    /// <summary>Scales the rate in proportion to the square root of the batch size.</summary>
    /// <remarks>
    /// <para>Krizhevsky 2014, arXiv 1404.5997, section 5; Hoffer, Hubara &amp; Soudry 2017, arXiv 1705.08741, section 4. The
    /// noise of an update stays the same. This scaling is usual with Adam and similar optimizers.</para>
    /// <code>learningRate·√(batchSize/referenceBatchSize)</code>
    /// </remarks>
    /// <inheritdoc cref="Linear" path="/param|/exception"/>
    public static double SquareRoot(double learningRate, long referenceBatchSize, long batchSize) =>
        learningRate * Math.Sqrt(Ratio(learningRate, referenceBatchSize, batchSize));

    private static double Ratio(double learningRate, long referenceBatchSize, long batchSize)
    {
        Require.NonNegative(learningRate);
        Require.AtLeast(referenceBatchSize, 1);
        Require.AtLeast(batchSize, 1);
        return (double)batchSize / referenceBatchSize;
    }
}
