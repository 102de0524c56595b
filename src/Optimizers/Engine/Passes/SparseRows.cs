using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Optimizers.Engine;

/// <summary>
/// The gradient of some rows of a table, ready for a step: each row once, in ascending order, with contiguous values.
/// Its memory grows to the largest number of rows in a step, and does not depend on the size of the table. Values in the caller's
/// memory are read in place if their rows are in ascending order already.
/// </summary>
internal sealed unsafe class SparseRows(int rowCount, int width)
{
    private long[] _order = [];
    private int[] _rows = [];
    private float[] _values = [];

    // The caller's values; null if the values are in the array.
    private float* _pointed;

    /// <summary>The number of elements of a row.</summary>
    public int Width => width;

    /// <summary>The number of rows with a gradient.</summary>
    public int Count { get; private set; }

    /// <summary>The number of elements in these rows.</summary>
    public int Length => Count * width;

    public ReadOnlySpan<int> Rows => _rows.AsSpan(0, Count);

    public ReadOnlySpan<float> Values => WritableValues;

    public Span<float> WritableValues => new(Address, Length);

    /// <summary>The address of the values, pinned while this object is reachable and until rows are stored or cleared.</summary>
    public float* Address => _pointed != null ? _pointed : (float*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_values));

    public void Clear()
    {
        Count = 0;
        _pointed = null;
    }

    /// <summary>Stores rows in place of the earlier ones. Rows that occur more than once are added up in their given order.</summary>
    /// <exception cref="ArgumentException">The number of values does not match the number of rows, or the index of a row is outside
    /// the table. In that case nothing has changed.</exception>
    public void Take<TIndex>(ReadOnlySpan<TIndex> rows, ReadOnlySpan<float> values)
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        Check(rows, values);
        Reserve(rows.Length);
        if (_values.Length < values.Length)
        {
            _values = GC.AllocateUninitializedArray<float>(Math.Max(values.Length, (int)Math.Min(2L * _values.Length, Array.MaxLength)), pinned: true);
        }

        _pointed = null;
        if (TakeAscending(rows))
        {
            values.CopyTo(_values);
        }
        else
        {
            AddUp(rows, values);
        }
    }

    /// <summary>Stores rows in place of the earlier ones. Their values are not copied if the rows are in ascending order, each once.</summary>
    /// <exception cref="ArgumentException">The index of a row is outside the table, or the address is null. In that case nothing has
    /// changed.</exception>
    public void Point<TIndex>(ReadOnlySpan<TIndex> rows, float* values)
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        if (values == null && rows.Length > 0)
        {
            throw new ArgumentNullException(
                nameof(values), $"The address of the values is null. Give the address of {(long)rows.Length * width} elements.");
        }

        if (!IsAscending(rows))
        {
            if ((long)rows.Length * width > Array.MaxLength)
            {
                throw new ArgumentException(
                    $"{rows.Length} rows of {width} elements are more than the {Array.MaxLength} elements that can be added up. Sort the rows and add up repeated ones first.",
                    nameof(rows));
            }

            Take(rows, new ReadOnlySpan<float>(values, rows.Length * width));
            return;
        }

        Check(rows);
        Reserve(rows.Length);
        _ = TakeAscending(rows);
        _pointed = values;
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

    private static bool IsAscending<TIndex>(ReadOnlySpan<TIndex> rows)
        where TIndex : unmanaged, IBinaryInteger<TIndex>
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

    private void Reserve(int count)
    {
        if (_rows.Length < count)
        {
            int room = Math.Max(count, 2 * _rows.Length);
            _order = new long[room];
            _rows = new int[room];
        }
    }

    private bool TakeAscending<TIndex>(ReadOnlySpan<TIndex> rows)
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        if (!IsAscending(rows))
        {
            return false;
        }

        for (int i = 0; i < rows.Length; i++)
        {
            _rows[i] = int.CreateTruncating(rows[i]);
        }

        Count = rows.Length;
        return true;
    }

    private void AddUp<TIndex>(ReadOnlySpan<TIndex> rows, ReadOnlySpan<float> values)
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        // Entries of the same row stay in their given order.
        Span<long> order = _order.AsSpan(0, rows.Length);
        for (int i = 0; i < rows.Length; i++)
        {
            order[i] = (long.CreateTruncating(rows[i]) << 32) | (uint)i;
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

    private void Check<TIndex>(ReadOnlySpan<TIndex> rows, ReadOnlySpan<float> values)
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        RowGradients.RequireLength(rows.Length, values.Length, width);
        Check(rows);
        if (values.Overlaps(_values))
        {
            throw new ArgumentException("The values are the table's own row gradients. Pass a copy of them.", nameof(values));
        }
    }

    private void Check<TIndex>(ReadOnlySpan<TIndex> rows)
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        for (int i = 0; i < rows.Length; i++)
        {
            long row = long.CreateTruncating(rows[i]);
            if ((ulong)row >= (ulong)rowCount)
            {
                throw new ArgumentOutOfRangeException(nameof(rows), row, $"rows[{i}] = {row} is outside [0, {rowCount}).");
            }
        }
    }
}
