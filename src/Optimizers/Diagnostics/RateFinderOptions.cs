namespace Optimizers.Diagnostics;

/// <summary>The options of <see cref="RateFinder"/>.</summary>
public sealed record RateFinderOptions
{
    /// <summary>The rate of the first step. Finite, above 0; default 1e-6.</summary>
    public double LowestRate { get; init; } = 1e-6;

    /// <summary>
    /// The rate of the last step, if the loss does not diverge earlier. Finite, above <see cref="LowestRate"/>; default 10, as in
    /// fastai.
    /// </summary>
    public double HighestRate { get; init; } = 10;

    /// <summary>
    /// The number of rates, which is also the largest number of steps. At least 10, at least twice the number of losses that
    /// the average of <see cref="Smoothing"/> covers, and at most a million; default 200.
    /// </summary>
    public int Points { get; init; } = 200;

    /// <summary>The spacing of the rates. Default exponential, as in fastai; Smith's spacing was linear.</summary>
    public RateSpacing Spacing { get; init; }

    /// <summary>
    /// The weight β of past losses in the average, which covers about 1/(1 − β) steps. At least 0, below 1; default
    /// 0.9. Use 0 if each step uses all of the data, because the loss then has no noise.
    /// </summary>
    public double Smoothing { get; init; } = 0.9;

    /// <summary>
    /// The factor that ends the test. The test ends when the averaged loss is above the first loss, and above its best value by more than
    /// (<see cref="DivergenceFactor"/> − 1) times the magnitude of the best value. Above 1; with infinity only a loss that is not finite
    /// ends the test. Default 4, as in fastai.
    /// </summary>
    public double DivergenceFactor { get; init; } = 4;

    /// <summary>The groups of the model whose rates are tested; the other groups keep their rates. Default null: all groups.</summary>
    public IReadOnlyList<ParameterGroup>? Groups { get; init; }

    /// <summary>The approximate number of losses that the average covers.</summary>
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
                $"{nameof(Points)} is {Points}, but must be at least {2L * Window}, because {nameof(Smoothing)} is {Smoothing} and its average covers {Window} points.");
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
