using System.Runtime.InteropServices;

namespace Optimizers.Engine;

/// <summary>State as 16-bit codes.</summary>
internal sealed unsafe class CodeSlot<TCode>(StateSlot declared, int number, int length, SlotBuffer buffer)
    : Slot(declared, number, length, buffer)
    where TCode : struct, IStateCode
{
    public override long Bytes => (long)Length * sizeof(ushort);

    private Span<byte> Memory => MemoryMarshal.AsBytes(Stored<ushort>());

    public override void Read(nuint start, nuint end, float* values, int widestLane) =>
        CodeLoops.Read<TCode>((ushort*)Address, values - start, start, end, widestLane);

    public override void Write(nuint start, nuint end, float* values, long iteration, int widestLane) =>
        CodeLoops.Write<TCode>(
            values - start, (ushort*)Address, RoundingDither.For(iteration, Number), start, end, widestLane);

    public override void Save(Span<byte> destination) => Memory.CopyTo(destination);

    public override void Load(ReadOnlySpan<byte> source) => source.CopyTo(Memory);
}
