using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Optimizers.Engine;

/// <summary>
/// The gradient of some rows of a table, ready for a step: each row once, in ascending order, with contiguous values.
/// Its memory grows to the largest number of rows in a step, and does not depend on the size of the table.
/// </summary>
internal sealed unsafe class SparseRows(int rowCount, int width)
{
    private long[] _order = [];
    private int[] _rows = [];
    private float[] _values = [];

    /// <summary>The number of elements of a row.</summary>
    public int Width => width;

    /// <summary>The number of rows with a gradient.</summary>
    public int Count { get; private set; }

    /// <summary>The number of elements in these rows.</summary>
    public int Length => Count * width;

    public ReadOnlySpan<int> Rows => _rows.AsSpan(0, Count);

    public ReadOnlySpan<float> Values => WritableValues;

    public Span<float> WritableValues => _values.AsSpan(0, Length);

    /// <summary>The pinned address of the values, valid while this object is reachable and until the next <see cref="Take"/>.</summary>
    public float* Address => (float*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_values));

    public void Clear() => Count = 0;

    /// <summary>Stores rows in place of the earlier ones. Rows that occur more than once are added up in their given order.</summary>
    /// <exception cref="ArgumentException">The number of values does not match the number of rows, or the index of a row is outside
    /// the table. In that case nothing has changed.</exception>
    public void Take(ReadOnlySpan<int> rows, ReadOnlySpan<float> values)
    {
        Check(rows, values);
        if (_rows.Length < rows.Length)
        {
            int room = Math.Max(rows.Length, 2 * _rows.Length);
            _order = new long[room];
            _rows = new int[room];
        }

        if (_values.Length < values.Length)
        {
            _values = GC.AllocateUninitializedArray<float>(Math.Max(values.Length, (int)Math.Min(2L * _values.Length, Array.MaxLength)), pinned: true);
        }

        if (IsAscending(rows))
        {
            rows.CopyTo(_rows);
            values.CopyTo(_values);
            Count = rows.Length;
            return;
        }

        // Entries of the same row stay in their given order.
        Span<long> order = _order.AsSpan(0, rows.Length);
        for (int i = 0; i < rows.Length; i++)
        {
            order[i] = ((long)rows[i] << 32) | (uint)i;
        }

        order.Sort();
        int count = 0;
        foreach (long place in order)
        {
            int row = (int)(place >> 32);
            ReadOnlySpan<float> given = values.Slice((int)(uint)place * width, width);
            if (count > 0 && _rows[count - 1] == row)
            {
                Span<float> sum = _values.AsSpan((count - 1) * width, width);
                TensorPrimitives.Add(sum, given, sum);
            }
            else
            {
                given.CopyTo(_values.AsSpan(count * width));
                _rows[count++] = row;
            }
        }

        Count = count;
    }

    /// <summary>Converts the index of an element in the stored rows to its index in the table.</summary>
    public int PlaceOf(int element) => (_rows[element / width] * width) + (element % width);

    /// <summary>
    /// The longest run of elements from a stored element on, but not beyond <paramref name="end"/>, that are contiguous in the table too.
    /// </summary>
    /// <returns>The start of the run in the table, and its length.</returns>
    public (nuint Place, nuint Count) Run(nuint start, nuint end)
    {
        int row = (int)(start / (nuint)width);
        nuint within = start - ((nuint)row * (nuint)width);
        nuint place = ((nuint)_rows[row] * (nuint)width) + within;
        nuint count = (nuint)width - within;
        while (start + count < end && _rows[row + 1] == _rows[row] + 1)
        {
            row++;
            count += (nuint)width;
        }

        return (place, nuint.Min(count, end - start));
    }

    private static bool IsAscending(ReadOnlySpan<int> rows)
    {
        for (int i = 1; i < rows.Length; i++)
        {
            if (rows[i] <= rows[i - 1])
            {
                return false;
            }
        }

        return true;
    }

    private void Check(ReadOnlySpan<int> rows, ReadOnlySpan<float> values)
    {
        RowGradients.RequireLength(rows, values, width);
        for (int i = 0; i < rows.Length; i++)
        {
            if ((uint)rows[i] >= (uint)rowCount)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(rows), rows[i], $"rows[{i}] = {rows[i]} is outside [0, {rowCount}).");
            }
        }

        if (values.Overlaps(_values))
        {
            throw new ArgumentException("The values are the table's own row gradients. Pass a copy of them.", nameof(values));
        }
    }
}
