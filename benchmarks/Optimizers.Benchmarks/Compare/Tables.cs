namespace Optimizers.Benchmarks;

/// <summary>Contests for gradients of 1,000 rows of 64 elements, in a table with 1,000,000 rows and in a table with 1,000 rows.</summary>
internal static class Tables
{
    private const int Touched = 1_000;
    private const int Width = 64;
    private const int Many = 1_000_000;

    // Successive steps use different rows, so that the rows of a step are not in a cache.
    private const int Draws = 64;

    public static Contest Of(OptimizerRow row, IReadOnlyList<int> threadCounts) => new(
    [
        .. from threads in threadCounts
           from table in new[] { (Work.RowsOfMany, Many), (Work.RowsOfFew, Touched) }
           select new Entrant(
               new Cell(row.Name, table.Item1, Touched * Width, 1, threads, Contenders.Level1),
               row.BytesOfStep,
               _ => StepOf(new Optimizer(table.Item2 * Width, WithoutCoupledDecay(row), threads), table.Item2)),
    ]);

    private static IOptimizerOptions WithoutCoupledDecay(OptimizerRow row) =>
        row.Options.WeightDecay == 0 || row.Options.DecayForm == DecayForm.Decoupled
            ? row.Options
            : throw new ArgumentException($"{row.Name} has a coupled weight decay, so it accepts no row gradients.", nameof(row));

    private static Turn StepOf(Optimizer optimizer, int tableRows)
    {
        var random = new Random(1);
        float[] parameters = new float[tableRows * Width];
        float[] values = [.. Enumerable.Range(0, Touched * Width).Select(_ => random.NextSingle() - 0.5f)];
        int[][] draws = [.. Enumerable.Range(0, Draws).Select(_ => Draw(random, tableRows))];
        double rate = optimizer.LearningRate;
        int step = 0;
        void Step() => optimizer.Step(parameters, new RowGradients(draws[step++ % Draws], values, Width), rate);

        // Touch the memory once before the measurement, because the first access to a page costs time in the operating system.
        for (int draw = 0; draw < Draws; draw++)
        {
            Step();
        }

        return new Turn(Step);
    }

    // Draws different rows, in random order.
    private static int[] Draw(Random random, int tableRows)
    {
        var rows = new HashSet<int>();
        while (rows.Count < Touched)
        {
            rows.Add(random.Next(tableRows));
        }

        int[] drawn = [.. rows];
        random.Shuffle(drawn);
        return drawn;
    }
}
