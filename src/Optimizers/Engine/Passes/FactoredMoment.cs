namespace Optimizers.Engine;

/// <summary>
/// A factored second moment of matrices. It is stored as the means of its rows and columns, and read as their product.
/// </summary>
/// <param name="weightAt">The weight of the new squares in the averages, as a function of the number of the update.</param>
/// <param name="floor">The lower bound for the divisor of the product.</param>
internal sealed unsafe class FactoredMoment(Func<long, double> weightAt, double floor) : IMatrixDefinition
{
    private static readonly StateSlot[] _factors =
    [
        new("row_var") { NonNegative = true, Extent = SlotExtent.Rows },
        new("col_var") { NonNegative = true, Extent = SlotExtent.Columns },
    ];

    /// <summary>The slot of a tensor that is not a matrix.</summary>
    public static StateSlot Whole { get; } = new("variance") { NonNegative = true };

    public IReadOnlyList<StateSlot>? SlotsFor(in TensorShape shape) => shape.IsMatrix ? _factors : null;

    public nuint WorkspaceFor(in TensorShape shape) => shape.IsMatrix ? new LineWorkspace(shape, null).Bytes : 0;

    public Slot[]? View(in TensorShape shape, IReadOnlyList<Slot> slots, in SlotAddresses addresses) => shape.IsMatrix
        ? [new FactoredSlot(Whole, shape, new LineWorkspace(shape, addresses.Workspace).Factors, (float*)addresses.Slot1.Elements)]
        : null;

    public MatrixWork NewWork() => new Work(weightAt, floor);

    private sealed class Work(Func<long, double> weightAt, double floor) : LineSums
    {
        public override void Before(in TensorJob job, ITaskRunner runner)
        {
            if (job.Shape is { IsMatrix: true, Length: > 0 })
            {
                Finish(job, Sum(job, runner));
            }
        }

        protected override void Read(in TensorJob job, nuint start, int count, float* values, int widestLane) =>
            LimitedGradient.Copy(job, job.Transforms.Gradient, values, start, start + (nuint)count, widestLane);

        private void Finish(in TensorJob job, LineWorkspace sums)
        {
            double weight = weightAt(job.Group.IterationOf(job.Rule));
            for (int matrix = 0; matrix < job.Shape.Batches; matrix++)
            {
                AverageColumns(job, sums, matrix, weight);
                AverageRows(job, sums, matrix, weight);
            }
        }

        private static float Averaged(float average, double weight, double mean) =>
            LineWorkspace.Stored(((1 - weight) * average) + (weight * mean));

        private static void AverageColumns(in TensorJob job, LineWorkspace sums, int matrix, double weight)
        {
            TensorShape shape = job.Shape;
            float* averages = (float*)job.Addresses.Slots.Slot1.Elements + ((nint)matrix * shape.Columns);
            for (int column = 0; column < shape.Columns; column++)
            {
                averages[column] = Averaged(averages[column], weight, sums.SumOfColumn(matrix, column) / shape.Rows);
            }
        }

        private void AverageRows(in TensorJob job, LineWorkspace sums, int matrix, double weight)
        {
            TensorShape shape = job.Shape;
            nint start = (nint)matrix * shape.Rows;
            float* averages = (float*)job.Addresses.Slots.Slot0.Elements + start;
            double sum = 0;
            for (int row = 0; row < shape.Rows; row++)
            {
                averages[row] = Averaged(averages[row], weight, sums.SumsOfRows[start + row] / shape.Columns);
                sum += averages[row];
            }

            // If all elements are 0, the product is 0, whatever the divisor is.
            double divisor = Math.Max(sum / shape.Rows, floor);
            for (int row = 0; row < shape.Rows; row++)
            {
                sums.Factors[start + row] = divisor == 0 ? 0 : (float)(averages[row] / divisor);
            }
        }
    }
}
