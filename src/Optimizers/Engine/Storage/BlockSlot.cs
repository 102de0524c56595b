using System.Runtime.InteropServices;

namespace Optimizers.Engine;

/// <summary>State as 8-bit codes in blocks. The scales of the blocks, which are powers of two, follow the codes.</summary>
internal sealed unsafe class BlockSlot<TCode>(StateSlot declared, int number, int length, SlotBuffer buffer)
    : Slot(declared, number, length, buffer), IScaled
    where TCode : struct, IBlockCode
{
    public override long Bytes => Length + ((long)Blocks.CountOf(Length) * sizeof(float));

    public Span<float> Scales => Buffer.Span<float>(Blocks.CodesFor(Length), Blocks.CountOf(Length));

    private float* FirstScale => (float*)(Address + Blocks.CodesFor(Length));

    public override void Read(nuint start, nuint end, float* values, int widestLane) =>
        BlockLoops.Read<TCode>(Address, FirstScale, values - start, start, end, widestLane);

    public override void Write(nuint start, nuint end, float* values, long iteration, int widestLane) =>
        BlockLoops.Write<TCode>(
            values - start, Address, FirstScale, RoundingDither.For(iteration, Number), start, end, widestLane);

    public override void Save(Span<byte> destination)
    {
        Stored<byte>().CopyTo(destination);
        MemoryMarshal.AsBytes(Scales).CopyTo(destination[Length..]);
    }

    public override void Load(ReadOnlySpan<byte> source)
    {
        source[..Length].CopyTo(Stored<byte>());
        source[Length..].CopyTo(MemoryMarshal.AsBytes(Scales));
    }
}

/// <summary>A slot with a scale for each block.</summary>
internal interface IScaled
{
    /// <summary>The factor of the numbers in each block.</summary>
    Span<float> Scales { get; }
}
