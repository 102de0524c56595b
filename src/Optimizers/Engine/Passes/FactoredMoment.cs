namespace Optimizers.Engine;

/// <summary>
/// A second moment of matrices that is kept as the means of its rows and columns, and read as their product.
/// </summary>
/// <param name="weightAt">The weight of the squares of an update in the averages, by the number of the update.</param>
/// <param name="floor">The least that the product is divided by.</param>
internal sealed unsafe class FactoredMoment(Func<long, double> weightAt, double floor) : IMatrixWork, ITasks
{
    private const int Piece = 512;

    // Rows that are one task, so that the sums of columns are in parts that do not depend on the number of threads.
    private const int LeastRows = 64;
    private const int MostTasks = 16;

    // Below this magnitude state is stored as 0, as that of elements is.
    private static readonly float _least = EveryUpdate.Value;

    private static readonly StateSlot[] _factors =
    [
        new("row_var") { NonNegative = true, FullPrecision = true, Extent = SlotExtent.Rows },
        new("col_var") { NonNegative = true, FullPrecision = true, Extent = SlotExtent.Columns },
    ];

    private TensorJob _job;

    /// <summary>The slot of what is no matrix.</summary>
    public static StateSlot Whole { get; } = new("variance") { NonNegative = true };

    public IReadOnlyList<StateSlot>? SlotsFor(in TensorShape shape) => shape.IsMatrix ? _factors : null;

    public nuint WorkspaceFor(in TensorShape shape) => shape.IsMatrix ? new Workspace(shape, null).Bytes : 0;

    public Slot[]? View(in TensorShape shape, in SlotAddresses slots) => shape.IsMatrix
        ? [new FactoredSlot(Whole, shape, new Workspace(shape, slots.Workspace).Factors, (float*)slots.Slot1.Elements)]
        : null;

    public void Before(in TensorJob job, ITaskRunner runner)
    {
        if (!job.Shape.IsMatrix || job.Shape.Length == 0)
        {
            return;
        }

        _job = job;
        runner.Run(this, job.Shape.Batches * TasksOf(job.Shape), job.Shape.Length);
        double weight = weightAt(job.Group.Update.IterationOf(job.Rule));
        for (int batch = 0; batch < job.Shape.Batches; batch++)
        {
            AverageColumns(batch, weight);
            AverageRows(batch, weight);
        }
    }

    public void Run(int task, int widestLane)
    {
        TensorShape shape = _job.Shape;
        var workspace = new Workspace(shape, _job.Addresses.Slots.Workspace);
        int tasks = TasksOf(shape);
        int first = (task / tasks * shape.Rows) + FirstRowOf(task % tasks, shape);
        int end = (task / tasks * shape.Rows) + FirstRowOf((task % tasks) + 1, shape);
        double* ofColumns = workspace.SumsOfColumns + ((nint)task * shape.Columns);
        new Span<double>(ofColumns, shape.Columns).Clear();

        // Rows that are short come together.
        float* values = stackalloc float[Piece];
        int together = Math.Max(1, Piece / shape.Columns);
        for (int row = first; row < end; row += together)
        {
            int rows = Math.Min(together, end - row);
            if (rows > 1 || shape.Columns <= Piece)
            {
                Read((nuint)row * (nuint)shape.Columns, rows * shape.Columns, values, widestLane);
            }

            for (int i = 0; i < rows; i++)
            {
                var sum = default(SumLanes);
                for (int column = 0; column < shape.Columns; column += Piece)
                {
                    int count = Math.Min(Piece, shape.Columns - column);
                    float* part = values + (i * shape.Columns);
                    if (shape.Columns > Piece)
                    {
                        part = values;
                        Read(((nuint)row * (nuint)shape.Columns) + (nuint)column, count, values, widestLane);
                    }

                    sum.AddSquares(part, (nuint)count);
                    Reductions.AddSquaresTo(ofColumns + column, part, count);
                }

                workspace.SumsOfRows[row + i] = sum.Sum();
            }
        }
    }

    private static int TasksOf(in TensorShape shape) => Math.Clamp(shape.Rows / LeastRows, 1, MostTasks);

    private static int FirstRowOf(int task, in TensorShape shape) => (int)((long)shape.Rows * task / TasksOf(shape));

    private static float Averaged(float average, double weight, double mean)
    {
        float value = (float)(((1 - weight) * average) + (weight * mean));
        return value < _least ? 0 : value;
    }

    // Gradients as the rule will see them.
    private void Read(nuint start, int count, float* values, int widestLane)
    {
        TensorAddresses addresses = _job.Addresses;
        addresses.RoundedCopy = null;
        addresses.Slots.Slot0.Elements = values - start;
        TreatedKernel.Run<CopyRule, Untouched<NoDecay>, Float32>(
            default, _job.Treatment with { ZeroGradient = false }, addresses, start, start + (nuint)count, widestLane);
    }

    private void AverageColumns(int batch, double weight)
    {
        TensorShape shape = _job.Shape;
        int tasks = TasksOf(shape);
        double* sums = new Workspace(shape, _job.Addresses.Slots.Workspace).SumsOfColumns + ((nint)batch * tasks * shape.Columns);
        float* averages = (float*)_job.Addresses.Slots.Slot1.Elements + ((nint)batch * shape.Columns);
        for (int column = 0; column < shape.Columns; column++)
        {
            double sum = 0;
            for (int task = 0; task < tasks; task++)
            {
                sum += sums[((nint)task * shape.Columns) + column];
            }

            averages[column] = Averaged(averages[column], weight, sum / shape.Rows);
        }
    }

    private void AverageRows(int batch, double weight)
    {
        TensorShape shape = _job.Shape;
        var workspace = new Workspace(shape, _job.Addresses.Slots.Workspace);
        nint start = (nint)batch * shape.Rows;
        float* averages = (float*)_job.Addresses.Slots.Slot0.Elements + start;
        double sum = 0;
        for (int row = 0; row < shape.Rows; row++)
        {
            averages[row] = Averaged(averages[row], weight, workspace.SumsOfRows[start + row] / shape.Columns);
            sum += averages[row];
        }

        // Where all is 0 the product is, whatever it is divided by.
        double divisor = Math.Max(sum / shape.Rows, floor);
        for (int row = 0; row < shape.Rows; row++)
        {
            workspace.Factors[start + row] = divisor == 0 ? 0 : (float)(averages[row] / divisor);
        }
    }

    /// <summary>The workspace of a tensor: what rows contribute to the product, and the sums of squares of a step.</summary>
    private readonly struct Workspace(TensorShape shape, void* address)
    {
        public double* SumsOfRows => (double*)address;

        public double* SumsOfColumns => SumsOfRows + ((nint)shape.Batches * shape.Rows);

        public float* Factors => (float*)(SumsOfColumns + ((nint)shape.Batches * TasksOf(shape) * shape.Columns));

        public nuint Bytes =>
            ((nuint)shape.Batches * (((nuint)shape.Rows * (sizeof(double) + sizeof(float)))
            + ((nuint)TasksOf(shape) * (nuint)shape.Columns * sizeof(double))));
    }

    /// <summary>Copies gradients.</summary>
    private readonly struct CopyRule : IUpdateRule1<CopyRule>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<V>(V g, ref V p, ref V copy)
            where V : struct, ILane<V> =>
            copy = g;
    }
}
