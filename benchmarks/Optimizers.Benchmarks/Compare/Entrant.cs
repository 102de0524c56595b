namespace Optimizers.Benchmarks;

/// <summary>A contender for one cell.</summary>
/// <param name="Cell">The cell that it measures.</param>
/// <param name="BytesPerParameter">The least number of bytes that it must read and write for each parameter.</param>
/// <param name="Enter">Prepares the contender in the memory of the contest.</param>
internal sealed record Entrant(Cell Cell, double BytesPerParameter, Func<Arena, Turn> Enter)
{
    // A call on this number of parameters takes about as long as the warm-up and the turns of a small contender.
    private const double ParametersOfMuchWork = 8e6;

    /// <summary>The estimated time, as a multiple of the time of a small contender.</summary>
    public double Effort => 1 + (Cell.N / ParametersOfMuchWork);
}

/// <summary>Contenders that take turns, so that the ratios of their times are meaningful.</summary>
internal sealed record Contest(IReadOnlyList<Entrant> Entrants)
{
    public double Effort => Entrants.Sum(entrant => entrant.Effort);
}
