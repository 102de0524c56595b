namespace Optimizers.Benchmarks;

/// <summary>A contender for one cell.</summary>
/// <param name="Cell">What it is timed for.</param>
/// <param name="BytesPerParameter">What it must move at least.</param>
/// <param name="Enter">Takes its place in the memory of the contest.</param>
internal sealed record Entrant(Cell Cell, double BytesPerParameter, Func<Arena, Turn> Enter);

/// <summary>Contenders that are timed in turns, so that their ratios mean something.</summary>
internal sealed record Contest(IReadOnlyList<Entrant> Entrants);
