namespace Optimizers.Benchmarks;

/// <summary>The measurement of a cell.</summary>
/// <param name="Cell">The measured cell.</param>
/// <param name="Contest">The index of the contest. Only measurements of the same contest are comparable.</param>
/// <param name="Timing">The time and the allocation of one call.</param>
/// <param name="BytesPerParameter">The least number of bytes that a step must read and write for each parameter.</param>
internal sealed record Measurement(Cell Cell, int Contest, Timing Timing, double BytesPerParameter)
{
    public double NanosecondsPerParameter => Timing.Nanoseconds / Cell.N;

    public double GigabytesPerSecond => BytesPerParameter / NanosecondsPerParameter;
}

/// <summary>A cell without a measurement.</summary>
/// <param name="Cell">The cell.</param>
/// <param name="Reason">The reason why it was not measured.</param>
internal sealed record MissingCell(Cell Cell, string Reason);

/// <summary>The results of one contest.</summary>
internal sealed record ContestResult(IReadOnlyList<Measurement> Measurements, IReadOnlyList<MissingCell> Missing);

/// <summary>All measurements of a run.</summary>
internal sealed class Results
{
    private readonly List<Measurement> _measurements = [];
    private readonly List<MissingCell> _missing = [];

    public IReadOnlyList<Measurement> Measurements => _measurements;

    /// <summary>One line for each cell that was not measured, or that had too few rounds.</summary>
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

    /// <summary>Returns the measurement of a cell, or null.</summary>
    public Measurement? Of(Cell cell) => _measurements.Find(measurement => measurement.Cell == cell);

    /// <summary>Returns the measurement of another cell in the same contest, or null.</summary>
    public Measurement? Rival(Measurement of, Cell cell) =>
        _measurements.Find(measurement => measurement.Contest == of.Contest && measurement.Cell == cell);

    /// <summary>The measurement of the library in the same contest, for a contest in which it takes part once. Null for the library itself.</summary>
    public Measurement? LibraryOf(Measurement rival) => Contenders.AreTheLibrary(rival.Cell.Contender)
        ? null
        : _measurements.Find(measurement => measurement.Contest == rival.Contest && Contenders.AreTheLibrary(measurement.Cell.Contender));

    /// <summary>The time divided by the time of C with the same number of threads.</summary>
    public double? RatioToC(Measurement of) =>
        Rival(of, of.Cell with { Contender = Contenders.C }) is { } c ? of.Timing.Nanoseconds / c.Timing.Nanoseconds : null;

    /// <summary>
    /// The bandwidth divided by that of the fastest stream at the nearest size, among the streams with at most as many threads.
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
