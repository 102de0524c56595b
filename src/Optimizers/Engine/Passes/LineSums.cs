namespace Optimizers.Engine;

/// <summary>
/// Sums over the rows and columns of a tensor, of values or of their squares. The parts of a sum depend only on the shape, so the
/// number of threads changes no bit.
/// </summary>
internal abstract unsafe class LineSums : MatrixWork, ITasks
{
    private const int Piece = 512;

    private TensorJob _job;

    /// <summary>Whether the squares of the values are summed.</summary>
    protected virtual bool Squares => true;

    /// <summary>Sums over all rows and columns of a tensor. The tensor must have elements.</summary>
    protected LineWorkspace Sum(in TensorJob job, ITaskRunner runner)
    {
        _job = job;
        runner.Run(this, job.Shape.Batches * LineWorkspace.TasksOf(job.Shape), job.Shape.Length);
        return new LineWorkspace(job.Shape, job.Addresses.Slots.Workspace);
    }

    void ITasks.Run(int task, int widestLane)
    {
        TensorShape shape = _job.Shape;
        var workspace = new LineWorkspace(shape, _job.Addresses.Slots.Workspace);
        (int first, int end) = LineWorkspace.RowsOf(task, shape);
        double* ofColumns = workspace.SumsOfColumns + ((nint)task * shape.Columns);
        new Span<double>(ofColumns, shape.Columns).Clear();

        // Short rows are read together.
        float* values = stackalloc float[Piece];
        int together = Math.Max(1, Piece / shape.Columns);
        for (int row = first; row < end; row += together)
        {
            int rows = Math.Min(together, end - row);
            if (rows > 1 || shape.Columns <= Piece)
            {
                Read(_job, (nuint)row * (nuint)shape.Columns, rows * shape.Columns, values, widestLane);
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
                        Read(_job, ((nuint)row * (nuint)shape.Columns) + (nuint)column, count, values, widestLane);
                    }

                    if (Squares)
                    {
                        sum.AddSquares(part, (nuint)count);
                        Reductions.AddSquaresTo(ofColumns + column, part, count);
                    }
                    else
                    {
                        sum.Add(part, (nuint)count);
                        Reductions.AddTo(ofColumns + column, part, count);
                    }
                }

                workspace.SumsOfRows[row + i] = sum.Sum();
            }
        }
    }

    /// <summary>Reads the values to sum.</summary>
    protected abstract void Read(in TensorJob job, nuint start, int count, float* values, int widestLane);
}

/// <summary>The memory of the sums over the rows and columns of a tensor.</summary>
internal readonly unsafe struct LineWorkspace(TensorShape shape, void* address)
{
    // The least number of rows of a task. The tasks, and so the parts of the column sums, do not depend on the number of threads.
    private const int LeastRows = 64;
    private const int MostTasks = 16;

    /// <summary>One sum for each row of each matrix.</summary>
    public double* SumsOfRows => (double*)address;

    /// <summary>One sum for each column of each task.</summary>
    public double* SumsOfColumns => SumsOfRows + ((nint)shape.Batches * shape.Rows);

    /// <summary>One float for each row of each matrix, for the number that is computed from its sum.</summary>
    public float* Factors => (float*)(SumsOfColumns + ((nint)shape.Batches * TasksOf(shape) * shape.Columns));

    public nuint Bytes =>
        ((nuint)shape.Batches * (((nuint)shape.Rows * (sizeof(double) + sizeof(float)))
        + ((nuint)TasksOf(shape) * (nuint)shape.Columns * sizeof(double))));

    /// <summary>The number of tasks of one matrix.</summary>
    public static int TasksOf(in TensorShape shape) => Math.Clamp(shape.Rows / LeastRows, 1, MostTasks);

    /// <summary>The rows of a task, counted through all matrices.</summary>
    public static (int Start, int End) RowsOf(int task, in TensorShape shape)
    {
        int tasks = TasksOf(shape);
        int matrix = task / tasks * shape.Rows;
        task %= tasks;
        return (matrix + (int)((long)shape.Rows * task / tasks), matrix + (int)((long)shape.Rows * (task + 1) / tasks));
    }

    /// <summary>The sum over a column of a matrix.</summary>
    public double SumOfColumn(int matrix, int column)
    {
        int tasks = TasksOf(shape);
        double sum = 0;
        for (int task = matrix * tasks; task < (matrix + 1) * tasks; task++)
        {
            sum += SumsOfColumns[((nint)task * shape.Columns) + column];
        }

        return sum;
    }

    /// <summary>Rounds a number for storage in state. A number that is or would become denormal is stored as 0.</summary>
    public static float Stored(double value)
    {
        float stored = (float)value;
        return Math.Abs(stored) < EveryUpdate.Value ? 0 : stored;
    }
}
