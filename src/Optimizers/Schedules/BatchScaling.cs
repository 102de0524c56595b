namespace Optimizers.Schedules;

/// <summary>Carries a rate that is good for batches of one size over to another size.</summary>
/// <remarks>
/// Both are rules of thumb with a range, not laws: beyond some size of the batch neither helps. Start a larger batch with a
/// warmup, as Goyal et al. do.
/// </remarks>
public static class BatchScaling
{
    /// <summary>The rate in proportion to the batch.</summary>
    /// <remarks>
    /// <para>Goyal et al. 2017, arXiv 1706.02677, section 2.1: for gradient descent with momentum. The mean of k times as many
    /// gradients, taken k times as far, is about k small steps.</para>
    /// <code>learningRate·batchSize/referenceBatchSize</code>
    /// </remarks>
    /// <param name="learningRate">The rate that is good for the reference. Finite, at least 0.</param>
    /// <param name="referenceBatchSize">The batch it is good for, at least 1.</param>
    /// <param name="batchSize">The batch there is to be, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public static double Linear(double learningRate, long referenceBatchSize, long batchSize) =>
        learningRate * Ratio(learningRate, referenceBatchSize, batchSize);

    /// <summary>The rate in proportion to the square root of the batch.</summary>
    /// <remarks>
    /// <para>Krizhevsky 2014, arXiv 1404.5997, section 5; Hoffer, Hubara &amp; Soudry 2017, arXiv 1705.08741, section 4. It
    /// keeps the noise of an update as large as it was; usual with Adam and its kin.</para>
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
