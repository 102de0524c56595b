namespace Optimizers.Diagnostics;

/// <summary>The options of <see cref="RateSweep"/>.</summary>
public sealed record RateSweepOptions
{
    /// <summary>
    /// The rates: at least one, each finite and above 0, in ascending order without repetition. Default the powers of ten from 1e-5 to 1.
    /// </summary>
    public IReadOnlyList<double> Rates { get; init; } = RateSweep.PerDecade(1e-5, 1, rates: 1);

    /// <summary>The number of steps of each run. At least 2, because a single loss cannot fall; default 100.</summary>
    public int Steps { get; init; } = 100;

    /// <summary>
    /// The weight β of past losses in the average. The average at the end of a run is its final loss. At least 0, below 1; default 0.9,
    /// which covers about the last ten steps.
    /// </summary>
    public double Smoothing { get; init; } = 0.9;

    /// <summary>
    /// The factor that ends a run. A run ends when its averaged loss is above its first loss by more than
    /// (<see cref="DivergenceFactor"/> − 1) times the magnitude of the first loss. Above 1; default 4.
    /// </summary>
    public double DivergenceFactor { get; init; } = 4;

    /// <summary>The groups of the model whose rates are tested; the other groups keep their rates. Default null: all groups.</summary>
    public IReadOnlyList<ParameterGroup>? Groups { get; init; }

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Rates);
        if (Rates.Count == 0)
        {
            throw new ArgumentException("The list of rates is empty. Give at least one rate.", nameof(Rates));
        }

        double before = 0;
        foreach (double rate in Rates)
        {
            Require.Positive(rate, nameof(Rates));
            if (rate <= before)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(Rates), rate, $"{nameof(Rates)} must be in ascending order without repetition, but {rate} follows {before}.");
            }

            before = rate;
        }

        Require.AtLeast(Steps, 2, nameof(Steps));
        Require.Beta(Smoothing, nameof(Smoothing));
        Require.Above(DivergenceFactor, 1, nameof(DivergenceFactor));
    }
}
