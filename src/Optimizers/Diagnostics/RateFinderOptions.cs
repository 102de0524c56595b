namespace Optimizers.Diagnostics;

/// <summary>The options of <see cref="RateFinder"/>.</summary>
public sealed record RateFinderOptions
{
    /// <summary>The rate of the first step. Finite, above 0; default 1e-6.</summary>
    public double LowestRate { get; init; } = 1e-6;

    /// <summary>
    /// The rate of the last step, if the loss does not diverge before. Finite, above <see cref="LowestRate"/>; default 10, as in
    /// fastai.
    /// </summary>
    public double HighestRate { get; init; } = 10;

    /// <summary>
    /// The number of rates, and so of steps at most. At least 10, twice as many as <see cref="Smoothing"/> averages over, and at
    /// most a million; default 200.
    /// </summary>
    public int Points { get; init; } = 200;

    /// <summary>How the rates lie. Default exponential, as in fastai; Smith's were linear.</summary>
    public RateSpacing Spacing { get; init; }

    /// <summary>
    /// The weight β of the past in the average of the losses, which is over about 1/(1 − β) steps. At least 0, below 1; default
    /// 0.9. 0 where the loss has no noise, as with all of the data in every step.
    /// </summary>
    public double Smoothing { get; init; } = 0.9;

    /// <summary>
    /// The test ends where the averaged loss is above the first one, and above its best by this factor, less one, times the
    /// magnitude of the best. Above 1; infinity if only a loss that is not finite is to end it. Default 4, as in fastai.
    /// </summary>
    public double DivergenceFactor { get; init; } = 4;

    /// <summary>The groups of the model whose rate is tried, while the others keep theirs. Default null: all.</summary>
    public IReadOnlyList<ParameterGroup>? Groups { get; init; }

    /// <summary>How many losses the average is over, more or less.</summary>
    internal int Window => (int)Math.Round(1 / (1 - Smoothing));

    internal void Validate()
    {
        Require.Positive(LowestRate, nameof(LowestRate));
        Require.Positive(HighestRate, nameof(HighestRate));
        Require.AboveOther(HighestRate, LowestRate);
        Require.Defined(Spacing, nameof(Spacing));
        Require.Beta(Smoothing, nameof(Smoothing));
        Require.AtLeast(Points, 10, nameof(Points));
        if (Points < 2L * Window)
        {
            throw new ArgumentOutOfRangeException(
                nameof(Points),
                Points,
                $"{nameof(Points)} is {Points}, but must be at least {2L * Window} where {nameof(Smoothing)} is {Smoothing}, whose average is over {Window} points.");
        }

        Require.AtMost(Points, 1_000_000, nameof(Points));
        Require.Above(DivergenceFactor, 1, nameof(DivergenceFactor));
    }

    internal double RateAt(int index)
    {
        double share = (double)index / (Points - 1);
        return index == Points - 1 ? HighestRate
            : Spacing == RateSpacing.Linear ? LowestRate + ((HighestRate - LowestRate) * share)
            : LowestRate * Math.Pow(HighestRate / LowestRate, share);
    }
}
