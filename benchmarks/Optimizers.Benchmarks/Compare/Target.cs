namespace Optimizers.Benchmarks;

/// <summary>A target for the speed, which a run meets or misses.</summary>
/// <param name="Text">The text of the target.</param>
internal abstract record Target(string Text)
{
    /// <summary>Whether this is a stretch target. The check does not fail if a run misses it.</summary>
    public bool Stretch { get; init; }

    public abstract Verdict Judge(Results results);
}

/// <summary>The time of each cell is at most a factor times the time of another cell in the same contest, plus an allowance.</summary>
/// <param name="Text">The text of the target.</param>
/// <param name="Cells">The cells of the target.</param>
/// <param name="Against">Returns the cell with which a cell is compared.</param>
/// <param name="Factor">The factor.</param>
internal sealed record TimeTarget(string Text, IReadOnlyList<Cell> Cells, Func<Cell, Cell> Against, double Factor) : Target(Text)
{
    /// <summary>The allowance, in nanoseconds a call.</summary>
    public double Allowance { get; init; }

    public override Verdict Judge(Results results)
    {
        var readings = new List<Reading>();
        var missing = new List<Cell>();
        foreach (Cell cell in Cells)
        {
            if (results.Of(cell) is { } measured && results.Rival(measured, Against(cell)) is { } rival)
            {
                double allowed = (Factor * rival.Timing.Nanoseconds) + Allowance;
                readings.Add(new Reading(
                    cell,
                    measured.Timing.Nanoseconds / allowed,
                    $"{measured.Timing.Nanoseconds:N0} ns a call, {allowed:N0} allowed"));
            }
            else
            {
                missing.Add(cell);
            }
        }

        return new Verdict(this, readings, missing);
    }
}

/// <summary>A call takes at most a number of seconds.</summary>
internal sealed record LimitTarget(string Text, Cell Cell, double Seconds) : Target(Text)
{
    public override Verdict Judge(Results results) => results.Of(Cell) is { } measured
        ? new Verdict(this, [new Reading(Cell, measured.Timing.Nanoseconds / 1e9 / Seconds, $"{measured.Timing.Nanoseconds / 1e9:F2} s, {Seconds} allowed")], [])
        : new Verdict(this, [], [Cell]);
}

/// <summary>No step of the library allocates.</summary>
internal sealed record AllocationTarget(string Text) : Target(Text)
{
    public override Verdict Judge(Results results) => new(
        this,
        [
            .. results.Measurements
                .Where(m => IsStepOfLibrary(m.Cell) && m.Timing.AllocatedBytes is not null)
                .Select(m => new Reading(m.Cell, m.Timing.AllocatedBytes > 0 ? double.PositiveInfinity : 0, $"{m.Timing.AllocatedBytes:0.#} bytes a call")),
        ],
        [
            .. results.Measurements
                .Where(m => IsStepOfLibrary(m.Cell) && m.Timing.AllocatedBytes is null)
                .Select(m => m.Cell),
        ]);

    private static bool IsStepOfLibrary(Cell cell) => Contenders.AreTheLibrary(cell.Contender) && cell.Work != Work.SetUp;
}

/// <summary>A target that another command measures.</summary>
/// <param name="Text">The text of the target.</param>
/// <param name="Where">The command.</param>
internal sealed record TargetElsewhere(string Text, string Where) : Target(Text)
{
    public override Verdict Judge(Results results) => new(this, [], []);
}

/// <summary>One cell of a target.</summary>
/// <param name="Cell">The cell.</param>
/// <param name="Load">The measured value divided by the allowed value.</param>
/// <param name="Text">A text with both values.</param>
internal sealed record Reading(Cell Cell, double Load, string Text)
{
    public bool Met => Load <= 1;

    public override string ToString() =>
        $"{Cell}: {Text}{(Load is 0 or double.PositiveInfinity ? "" : $", {Math.Abs(Load - 1) * 100:F1} % {(Met ? "to spare" : "too slow")}")}";
}

/// <summary>The result of a target in a run.</summary>
internal sealed record Verdict(Target Target, IReadOnlyList<Reading> Readings, IReadOnlyList<Cell> Missing)
{
    public bool Failed => !Target.Stretch && Readings.Any(reading => !reading.Met);

    public Reading? Worst => Readings.MaxBy(reading => reading.Load);

    public string Word => Worst is null ? "not measured"
        : !Worst.Met ? Target.Stretch ? "not reached" : "MISSED"
        : Missing.Count > 0 ? "met, in part" : "met";
}
