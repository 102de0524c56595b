using System.Runtime.InteropServices;

namespace Optimizers.Engine;

/// <summary>State in float32, the type of the computation.</summary>
internal sealed unsafe class FloatSlot(StateSlot declared, int number, int length, SlotBuffer buffer)
    : Slot(declared, number, length, buffer)
{
    public override long Bytes => (long)Length * sizeof(float);

    public Span<float> Values => Stored<float>();

    public override void Read(nuint start, nuint end, float* values, int widestLane) =>
        Values[(int)start..(int)end].CopyTo(new Span<float>(values, (int)(end - start)));

    public override void Write(nuint start, nuint end, float* values, long iteration, int widestLane) =>
        new Span<float>(values, (int)(end - start)).CopyTo(Values[(int)start..]);

    public override void Save(Span<byte> destination) => MemoryMarshal.AsBytes(Values).CopyTo(destination);

    public override void Load(ReadOnlySpan<byte> source) => source.CopyTo(MemoryMarshal.AsBytes(Values));
}
