namespace Optimizers.Schedules;

/// <summary>
/// Computes numbers of updates from numbers of samples, epochs and tokens, for the arguments of schedules. A batch is the
/// data of one update. With gradient accumulation or several machines, the batch is the data of all micro-batches or
/// machines together.
/// </summary>
/// <example>
/// <code>
/// long total = Steps.FromEpochs(90, samples: 1_281_167, batchSize: 256);
/// </code>
/// </example>
public static class Steps
{
    /// <summary>The number of updates in an epoch.</summary>
    /// <remarks>⌈samples/batchSize⌉, or rounded down if an incomplete last batch is dropped.</remarks>
    /// <param name="samples">The number of samples, at least 1.</param>
    /// <param name="batchSize">The number of samples in a batch, at least 1.</param>
    /// <param name="dropLast">Whether an incomplete last batch is dropped. Default false.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range, or every batch would be
    /// dropped.</exception>
    public static long PerEpoch(long samples, long batchSize, bool dropLast = false)
    {
        Require.AtLeast(samples, 1);
        Require.AtLeast(batchSize, 1);
        if (dropLast)
        {
            if (batchSize > samples)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(batchSize), batchSize, $"{nameof(batchSize)} is {batchSize}, but must be at most {nameof(samples)}, which is {samples}: with {nameof(dropLast)} an epoch would have no batch.");
            }

            return samples / batchSize;
        }

        return ((samples - 1) / batchSize) + 1;
    }

    /// <summary>The number of updates in a number of epochs.</summary>
    /// <remarks>
    /// epochs · <see cref="PerEpoch"/>; the result is rounded to the nearest update; a half is rounded up. Every epoch has
    /// its own last batch, as with data loaders. A <see cref="GradientAccumulator"/> makes the same number of updates if
    /// each epoch ends with <see cref="GradientAccumulator.Flush"/>, or with <see cref="GradientAccumulator.Discard"/> if
    /// the last batch is dropped.
    /// </remarks>
    /// <param name="epochs">The number of epochs; may have a fraction. Finite, at least 0.</param>
    /// <param name="samples">The number of samples in an epoch, at least 1.</param>
    /// <param name="batchSize">The number of samples in a batch, at least 1.</param>
    /// <param name="dropLast">Whether an incomplete last batch is dropped. Default false.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range, or the number of updates does not fit in a
    /// long.</exception>
    public static long FromEpochs(double epochs, long samples, long batchSize, bool dropLast = false)
    {
        Require.NonNegative(epochs);
        long perEpoch = PerEpoch(samples, batchSize, dropLast);

        // The whole epochs are computed in integers, because the product may have more digits than a double.
        double whole = Math.Floor(epochs);
        double part = Math.Round((epochs - whole) * perEpoch, MidpointRounding.AwayFromZero);
        Int128 steps = ((Int128)Math.Min(whole, long.MaxValue) * perEpoch) + (Int128)part;
        return steps <= long.MaxValue
            ? (long)steps
            : throw new ArgumentOutOfRangeException(
                nameof(epochs), epochs, $"{epochs} {nameof(epochs)} of {perEpoch} updates, from {nameof(samples)} = {samples} and {nameof(batchSize)} = {batchSize}, are more than {long.MaxValue} updates.");
    }

    /// <summary>The number of updates that process at least a number of samples.</summary>
    /// <remarks>⌈samples/batchSize⌉, without epochs: for streamed data.</remarks>
    /// <param name="samples">The number of samples, at least 0.</param>
    /// <param name="batchSize">The number of samples in a batch, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public static long FromSamples(long samples, long batchSize)
    {
        Require.AtLeast(samples, 0);
        Require.AtLeast(batchSize, 1);
        return RoundedUp(samples, batchSize);
    }

    /// <summary>The number of updates that process at least a number of tokens.</summary>
    /// <remarks>⌈tokens/(batchSize·contextLength)⌉</remarks>
    /// <param name="tokens">The number of tokens, at least 0.</param>
    /// <param name="batchSize">The number of sequences in a batch, at least 1.</param>
    /// <param name="contextLength">The number of tokens in a sequence, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public static long FromTokens(long tokens, long batchSize, long contextLength)
    {
        Require.AtLeast(tokens, 0);
        Require.AtLeast(batchSize, 1);
        Require.AtLeast(contextLength, 1);
        return RoundedUp(tokens, (Int128)batchSize * contextLength);
    }

    /// <summary>A share of a number of updates, for example for a warmup.</summary>
    /// <remarks>share · steps, rounded to the nearest update; a half is rounded up.</remarks>
    /// <param name="share">The share, from 0 to 1.</param>
    /// <param name="steps">The number of updates, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public static long FromShare(double share, long steps)
    {
        Require.Between(share, 0, 1);
        Require.AtLeast(steps, 0);
        return share == 1 ? steps : (long)Math.Round(share * steps, MidpointRounding.AwayFromZero);
    }

    private static long RoundedUp(long amount, Int128 perStep) => (long)((amount + perStep - 1) / perStep);
}
