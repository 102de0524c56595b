namespace Optimizers.Engine;

/// <summary>
/// A slot with one number for each row or column. It is read as if it had one for each element; writes of a rule have no effect.
/// </summary>
internal sealed unsafe class LineSlot(StateSlot declared, TensorShape shape, float* lines) : Slot(declared, 0, shape.Length, default)
{
    public override long Bytes => 0;

    public override void Read(nuint start, nuint end, float* values, int widestLane)
    {
        int column = (int)(start % (nuint)shape.Columns);
        int row = (int)(start / (nuint)shape.Columns);
        for (nuint i = start; i < end; row++, column = 0)
        {
            int count = (int)nuint.Min((nuint)(shape.Columns - column), end - i);
            var part = new Span<float>(values + (i - start), count);
            if (Declared.Extent == SlotExtent.Rows)
            {
                part.Fill(lines[row]);
            }
            else
            {
                new ReadOnlySpan<float>(lines + ((nint)(row / shape.Rows) * shape.Columns) + column, count).CopyTo(part);
            }

            i += (nuint)count;
        }
    }

    public override void Write(nuint start, nuint end, float* values, long iteration, int widestLane)
    {
    }

    public override void Save(Span<byte> destination) => throw new NotSupportedException("A view of rows or columns has no memory of its own. Save the slot itself.");

    public override void Load(ReadOnlySpan<byte> source) => throw new NotSupportedException("A view of rows or columns has no memory of its own. Load the slot itself.");
}
