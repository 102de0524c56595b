namespace Optimizers.Diagnostics;

/// <summary>The options of <see cref="RateSweep"/>.</summary>
public sealed record RateSweepOptions
{
    /// <summary>
    /// The rates, at least one, each finite and above that before it, the first above 0. Default the powers of ten from 1e-5 to 1.
    /// </summary>
    public IReadOnlyList<double> Rates { get; init; } = RateSweep.PerDecade(1e-5, 1, rates: 1);

    /// <summary>The number of steps of each run, at least 2, because a single loss cannot fall; default 100.</summary>
    public int Steps { get; init; } = 100;

    /// <summary>
    /// The weight β of the past in the average of the losses, of which the last one counts. At least 0, below 1; default 0.9: the
    /// last ten steps or so.
    /// </summary>
    public double Smoothing { get; init; } = 0.9;

    /// <summary>
    /// A run ends where its averaged loss is above its first by this factor, less one, times the magnitude of the first. Above 1;
    /// default 4.
    /// </summary>
    public double DivergenceFactor { get; init; } = 4;

    /// <summary>The groups of the model whose rate is tried, while the others keep theirs. Default null: all.</summary>
    public IReadOnlyList<ParameterGroup>? Groups { get; init; }

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Rates);
        if (Rates.Count == 0)
        {
            throw new ArgumentException("There is no rate. Give at least one.", nameof(Rates));
        }

        double before = 0;
        foreach (double rate in Rates)
        {
            Require.Positive(rate, nameof(Rates));
            if (rate <= before)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(Rates), rate, $"{nameof(Rates)} must be in ascending order without repetition, but {before} is followed by {rate}.");
            }

            before = rate;
        }

        Require.AtLeast(Steps, 2, nameof(Steps));
        Require.Beta(Smoothing, nameof(Smoothing));
        Require.Above(DivergenceFactor, 1, nameof(DivergenceFactor));
    }
}
