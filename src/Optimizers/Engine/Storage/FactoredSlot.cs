using System.Numerics.Tensors;

namespace Optimizers.Engine;

/// <summary>
/// A slot whose elements are not there, but the product of a factor for their row and one for their column. It is read as any
/// other; what is written is lost.
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

    public override void Save(Span<byte> destination) => throw new NotSupportedException("The factors are the state.");

    public override void Load(ReadOnlySpan<byte> source) => throw new NotSupportedException("The factors are the state.");
}
