namespace Optimizers.Benchmarks;

/// <summary>A cell with its numbers.</summary>
/// <param name="Cell">What was timed.</param>
/// <param name="Contest">The number of the contest; only measurements of one contest are compared.</param>
/// <param name="Timing">The numbers of one call.</param>
/// <param name="BytesPerParameter">What had to be moved.</param>
internal sealed record Measurement(Cell Cell, int Contest, Timing Timing, double BytesPerParameter)
{
    public double NanosecondsPerParameter => Timing.Nanoseconds / Cell.N;

    public double GigabytesPerSecond => BytesPerParameter / NanosecondsPerParameter;
}

/// <summary>A cell without numbers.</summary>
/// <param name="Cell">What should have been timed.</param>
/// <param name="Reason">Why it was not.</param>
internal sealed record MissingCell(Cell Cell, string Reason);

/// <summary>What came of one contest.</summary>
internal sealed record ContestResult(IReadOnlyList<Measurement> Measurements, IReadOnlyList<MissingCell> Missing);

/// <summary>All measurements of a run.</summary>
internal sealed class Results
{
    private readonly List<Measurement> _measurements = [];
    private readonly List<MissingCell> _missing = [];

    public IReadOnlyList<Measurement> Measurements => _measurements;

    /// <summary>One line for each cell that could not be measured, or in fewer rounds than it should be.</summary>
    public IEnumerable<string> Shortcomings =>
    [
        .. _missing.Select(missing => $"not measured: {missing.Cell}: {missing.Reason}"),
        .. _measurements.Where(m => m.Timing.Rounds < RoundRobin.FewestRounds).Select(m =>
            $"not exact: {m.Cell}: {TimingResult.OutOfTime} after {m.Timing.Rounds} of {RoundRobin.FewestRounds} rounds"),
    ];

    public void Add(ContestResult result)
    {
        _measurements.AddRange(result.Measurements);
        _missing.AddRange(result.Missing);
    }

    /// <summary>The measurement of a cell, if there is one.</summary>
    public Measurement? Of(Cell cell) => _measurements.Find(measurement => measurement.Cell == cell);

    /// <summary>Another contender of the same contest.</summary>
    public Measurement? Rival(Measurement of, Cell cell) =>
        _measurements.Find(measurement => measurement.Contest == of.Contest && measurement.Cell == cell);

    /// <summary>The time as a multiple of C's with as many threads.</summary>
    public double? RatioToC(Measurement of) =>
        Rival(of, of.Cell with { Contender = Contenders.C }) is { } c ? of.Timing.Nanoseconds / c.Timing.Nanoseconds : null;

    /// <summary>
    /// The bandwidth as a part of the fastest stream's: of those with as many threads or fewer, at the nearest size.
    /// </summary>
    public double? ShareOfRoof(Measurement of)
    {
        Measurement[] streams =
        [
            .. _measurements.Where(m => m.Cell.Work == Work.Stream && m.Cell.Threads <= of.Cell.Threads),
        ];
        if (streams.Length == 0)
        {
            return null;
        }

        long nearest = streams.MinBy(m => Math.Abs(Math.Log((double)m.Cell.N / of.Cell.N)))!.Cell.N;
        return of.GigabytesPerSecond / streams.Where(m => m.Cell.N == nearest).Max(m => m.GigabytesPerSecond);
    }
}
