using System.Runtime.Intrinsics;

namespace Optimizers.Engine;

/// <summary>
/// Products of matrices in float32 with the same bits at every vector width and thread count. Each element of the result is
/// its own sum: partial sums over 128 terms in order are added in order. Lanes hold elements of one row; each thread computes its
/// own rows.
/// </summary>
internal sealed unsafe class MatrixProduct : ITasks
{
    // The number of terms in a partial sum. It limits rounding errors, and the data fit into the first-level cache.
    private const int Depth = 128;

    // The rows of a task, and the rows computed at a time: their sums for two lanes stay in registers.
    private const int RowsOfTask = 32;
    private const int RowsAtOnce = 4;
    private const int LanesAtOnce = 2;
    private const int WidestPanel = LanesAtOnce * 16;

    // This many reads from the first-level cache cost as much as one element streamed through memory.
    private const int ProductsPerStreamed = 8;

    private MatrixFactors _factors;

    public void Run(in MatrixFactors factors, ITaskRunner runner)
    {
        _factors = factors;
        long products = (long)factors.Rows * factors.Inner * factors.Columns;
        runner.Run(this, (factors.Rows + RowsOfTask - 1) / RowsOfTask, products / ProductsPerStreamed);
    }

    public static void Transpose(float* source, float* destination, int rows, int columns)
    {
        const int Tile = 16;
        for (int row = 0; row < rows; row += Tile)
        {
            int endRow = Math.Min(rows, row + Tile);
            for (int column = 0; column < columns; column += Tile)
            {
                int endColumn = Math.Min(columns, column + Tile);
                for (int i = row; i < endRow; i++)
                {
                    for (int j = column; j < endColumn; j++)
                    {
                        destination[((nint)j * rows) + i] = source[((nint)i * columns) + j];
                    }
                }
            }
        }
    }

    public void Run(int task, int widestLane)
    {
        int first = task * RowsOfTask;
        int end = Math.Min(_factors.Rows, first + RowsOfTask);
        int column = 0;
        if (Vector512.IsHardwareAccelerated && widestLane >= Lane16.Count)
        {
            column = Panels<Lane16>(first, end, column);
        }

        if (Vector256.IsHardwareAccelerated && widestLane >= Lane8.Count)
        {
            column = Panels<Lane8>(first, end, column);
        }

        if (Vector128.IsHardwareAccelerated && widestLane >= Lane4.Count)
        {
            column = Panels<Lane4>(first, end, column);
        }

        Panels<Lane1>(first, end, column);
    }

    // Computes the columns that fill lanes of this width.
    [SkipLocalsInit]
    private int Panels<V>(int first, int end, int column)
        where V : struct, ILane<V>
    {
        float* panel = stackalloc float[Depth * WidestPanel];
        int width = LanesAtOnce * V.Count;
        for (; column + width <= _factors.Columns; column += width)
        {
            Panel<V>(first, end, column, panel, width);
        }

        // The remaining columns, one lane at a time.
        for (; column + V.Count <= _factors.Columns; column += V.Count)
        {
            Panel<V>(first, end, column, panel, V.Count);
        }

        return column;
    }

    private void Panel<V>(int first, int end, int column, float* panel, int width)
        where V : struct, ILane<V>
    {
        for (int start = 0; start < Math.Max(1, _factors.Inner); start += Depth)
        {
            int depth = Math.Min(Depth, _factors.Inner - start);
            Pack<V>(start, depth, column, panel, width);
            for (int row = first; row < end; row++)
            {
                if (row + RowsAtOnce <= end && width > V.Count)
                {
                    FourRows<V>(row, start, depth, column, panel);
                    row += RowsAtOnce - 1;
                }
                else
                {
                    for (int lane = 0; lane < width; lane += V.Count)
                    {
                        OneRow<V>(row, start, depth, column, lane, panel, width);
                    }
                }
            }
        }

        Finish<V>(first, end, column, width);
    }

    private void Pack<V>(int start, int depth, int column, float* panel, int width)
        where V : struct, ILane<V>
    {
        float* source = _factors.Right + ((nint)start * _factors.Columns) + column;
        for (int k = 0; k < depth; k++, source += _factors.Columns, panel += width)
        {
            for (int lane = 0; lane < width; lane += V.Count)
            {
                V.Store(V.Load(source + lane), panel + lane);
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private void FourRows<V>(int row, int start, int depth, int column, float* panel)
        where V : struct, ILane<V>
    {
        nint inner = _factors.Inner;
        float* left = _factors.Left + (row * inner) + start;
        V zero = V.Splat(0);
        (V a0, V a1, V b0, V b1, V c0, V c1, V d0, V d1) = (zero, zero, zero, zero, zero, zero, zero, zero);
        for (int k = 0; k < depth; k++)
        {
            V right0 = V.Load(panel);
            V right1 = V.Load(panel + V.Count);
            panel += LanesAtOnce * V.Count;
            V a = V.Splat(left[k]);
            V b = V.Splat(left[inner + k]);
            V c = V.Splat(left[(2 * inner) + k]);
            V d = V.Splat(left[(3 * inner) + k]);
            a0 += a * right0;
            a1 += a * right1;
            b0 += b * right0;
            b1 += b * right1;
            c0 += c * right0;
            c1 += c * right1;
            d0 += d * right0;
            d1 += d * right1;
        }

        nint columns = _factors.Columns;
        float* result = _factors.Result + (row * columns) + column;
        Put(a0, result, start);
        Put(a1, result + V.Count, start);
        Put(b0, result + columns, start);
        Put(b1, result + columns + V.Count, start);
        Put(c0, result + (2 * columns), start);
        Put(c1, result + (2 * columns) + V.Count, start);
        Put(d0, result + (3 * columns), start);
        Put(d1, result + (3 * columns) + V.Count, start);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private void OneRow<V>(int row, int start, int depth, int column, int lane, float* panel, int width)
        where V : struct, ILane<V>
    {
        float* left = _factors.Left + ((nint)row * _factors.Inner) + start;
        V sum = V.Splat(0);
        panel += lane;
        for (int k = 0; k < depth; k++, panel += width)
        {
            sum += left[k] * V.Load(panel);
        }

        Put(sum, _factors.Result + ((nint)row * _factors.Columns) + column + lane, start);
    }

    // The first partial sum overwrites the old value.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put<V>(V sum, float* address, int start)
        where V : struct, ILane<V> =>
        V.Store(start == 0 ? sum : V.Load(address) + sum, address);

    private void Finish<V>(int first, int end, int column, int width)
        where V : struct, ILane<V>
    {
        if (_factors.Added == null)
        {
            return;
        }

        V factor = V.Splat(_factors.Factor);
        V factorOfAdded = V.Splat(_factors.FactorOfAdded);
        for (int row = first; row < end; row++)
        {
            nint start = ((nint)row * _factors.Columns) + column;
            for (int lane = 0; lane < width; lane += V.Count)
            {
                float* result = _factors.Result + start + lane;
                V.Store(factorOfAdded * V.Load(_factors.Added + start + lane) + factor * V.Load(result), result);
            }
        }
    }
}

/// <summary>The factors of a product, all stored row by row: result = factor·left·right + factorOfAdded·added.</summary>
internal unsafe struct MatrixFactors(int rows, int inner, int columns, float* left, float* right, float* result)
{
    public readonly int Rows => rows;

    public readonly int Inner => inner;

    public readonly int Columns => columns;

    public readonly float* Left => left;

    public readonly float* Right => right;

    public readonly float* Result => result;

    /// <summary>The factor of the product. It is used only if a matrix is added.</summary>
    public float Factor { get; init; } = 1;

    /// <summary>The matrix to add; null if there is none.</summary>
    public float* Added { get; init; }

    public float FactorOfAdded { get; init; }
}
