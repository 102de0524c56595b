namespace Optimizers.Benchmarks;

/// <summary>The measured time and allocation of a contender.</summary>
/// <param name="Nanoseconds">The shortest time of one call; the mean time if <see cref="Turn.IsMean"/> is set.</param>
/// <param name="AllocatedBytes">The bytes that a call allocates: the minimum of several measurements. Null if there was no time to measure it.</param>
/// <param name="Rounds">The number of rounds.</param>
internal sealed record Timing(double Nanoseconds, double? AllocatedBytes, int Rounds)
{
    /// <summary>The mean time of a call in each round, in the order of the rounds.</summary>
    public IReadOnlyList<double> OfRounds { get; init; } = [];

    public double Median => Quantile(OfRounds, 0.5);

    /// <summary>The ratio of this time to another in each round that both have, at two quantiles.</summary>
    /// <param name="other">The timing of a contender of the same contest.</param>
    /// <param name="lower">The lower quantile, from 0 to 1.</param>
    /// <param name="upper">The upper quantile, from 0 to 1.</param>
    public (double Lower, double Upper) RatiosTo(Timing other, double lower, double upper)
    {
        double[] ratios = [.. OfRounds.Zip(other.OfRounds, (mine, others) => mine / others)];
        return (Quantile(ratios, lower), Quantile(ratios, upper));
    }

    // The nearest rank, so the result is always a measured value. NaN if there is none.
    private static double Quantile(IReadOnlyList<double> values, double quantile) =>
        values.Count == 0 ? double.NaN : values.Order().ElementAt((int)Math.Round(quantile * (values.Count - 1), MidpointRounding.AwayFromZero));
}

/// <summary>The timing of a contender, or the reason why there is none.</summary>
/// <param name="Timing">Null if the contender could not be timed.</param>
/// <param name="Failure">The reason why there is no timing. Null if there is one.</param>
internal sealed record TimingResult(Timing? Timing, string? Failure)
{
    public const string OutOfTime = "the time was up";

    public static TimingResult Of(Exception exception) => new(null, $"it threw {exception.GetType().Name}: {exception.Message}");
}
