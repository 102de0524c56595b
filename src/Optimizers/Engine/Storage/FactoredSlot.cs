using System.Numerics.Tensors;

namespace Optimizers.Engine;

/// <summary>
/// A slot without elements of its own: an element is the product of a factor for its row and a factor for its column. It is read like any
/// other slot; writes have no effect.
/// </summary>
internal sealed unsafe class FactoredSlot(StateSlot declared, TensorShape shape, float* rows, float* columns)
    : Slot(declared, 0, shape.Length, default)
{
    public override long Bytes => 0;

    public override void Read(nuint start, nuint end, float* values, int widestLane)
    {
        int column = (int)(start % (nuint)shape.Columns);
        int row = (int)(start / (nuint)shape.Columns);
        for (nuint i = start; i < end; row++, column = 0)
        {
            int count = (int)nuint.Min((nuint)(shape.Columns - column), end - i);
            float* factors = columns + ((nint)(row / shape.Rows) * shape.Columns) + column;
            TensorPrimitives.Multiply(
                new ReadOnlySpan<float>(factors, count), rows[row], new Span<float>(values + (i - start), count));
            i += (nuint)count;
        }
    }

    public override void Write(nuint start, nuint end, float* values, long iteration, int widestLane)
    {
    }

    public override void Save(Span<byte> destination) => throw new NotSupportedException("A factored slot has no memory of its own. Save its factors.");

    public override void Load(ReadOnlySpan<byte> source) => throw new NotSupportedException("A factored slot has no memory of its own. Load its factors.");
}
