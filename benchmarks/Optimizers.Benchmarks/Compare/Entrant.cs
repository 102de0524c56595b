namespace Optimizers.Benchmarks;

/// <summary>A contender for one cell.</summary>
/// <param name="Cell">What it is timed for.</param>
/// <param name="BytesPerParameter">What it must move at least.</param>
/// <param name="Enter">Takes its place in the memory of the contest.</param>
internal sealed record Entrant(Cell Cell, double BytesPerParameter, Func<Arena, Turn> Enter)
{
    // A call on this many parameters takes about as long as the warm-up and the turns of a small one.
    private const double ParametersOfMuchWork = 8e6;

    /// <summary>About how much time it takes, as a multiple of a small contender's.</summary>
    public double Effort => 1 + (Cell.N / ParametersOfMuchWork);
}

/// <summary>Contenders that are timed in turns, so that their ratios mean something.</summary>
internal sealed record Contest(IReadOnlyList<Entrant> Entrants)
{
    public double Effort => Entrants.Sum(entrant => entrant.Effort);
}
