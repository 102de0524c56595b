using System.Runtime.InteropServices;

namespace Optimizers.Engine;

/// <summary>State as 8-bit codes in blocks. The scales of the blocks, which are powers of two, follow the codes.</summary>
internal sealed unsafe class BlockSlot<TCode>(StateSlot declared, int number, int length, SlotBuffer buffer)
    : BlockSlot(declared, number, length, buffer), IScaled
    where TCode : struct, IBlockCode
{
    public override long Bytes => Length + ((long)Blocks.CountOf(Length) * sizeof(float));

    public Span<float> Scales => Buffer.Span<float>(Blocks.CodesFor(Length), Blocks.CountOf(Length));

    private float* FirstScale => (float*)(Address + Blocks.CodesFor(Length));

    public override void Read(nuint start, nuint end, float* values, int widestLane) =>
        BlockLoops.Read<TCode>(Address, FirstScale, values - start, start, end, widestLane);

    public override void Write(nuint start, nuint end, float* values, long iteration, int widestLane) =>
        BlockLoops.Write<TCode>(
            values - start, null, Address, FirstScale, 0, RoundingDither.For(iteration, Number), start, end, widestLane);

    public override void Prepare(BlockScratch* scratch)
    {
        scratch->Magnitude = TCode.Sign == 0 ? uint.MaxValue : ~TCode.Sign;
        scratch->Sign = TCode.Sign;
    }

    public override bool HasNaN(nuint start, nuint end)
    {
        var codes = new ReadOnlySpan<byte>(Address + start, (int)(end - start));
        return TCode.Sign == 0 ? codes.Contains(byte.MaxValue) : codes.ContainsAny((byte)sbyte.MaxValue, byte.MaxValue);
    }

    public override void Begin(BlockScratch* scratch, nuint start, nuint end)
    {
        float* scales = FirstScale + (start / Blocks.Length);
        int count = (int)((end - start) / Blocks.Length);
        new ReadOnlySpan<float>(scales, count).CopyTo(new Span<float>(scratch->Scales, count));
        new Span<uint>(scratch->Largest, count * Lane16.Count).Clear();
    }

    public override void Write(BlockScratch* scratch, nuint start, nuint end, RoundingDither dither, int widestLane) =>
        BlockLoops.Write<TCode>(
            scratch->Values - start, scratch->Largest - (start / Blocks.Length * (nuint)Lane16.Count), Address, FirstScale, scratch->FlushBelow, dither, start, end, widestLane);

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

/// <summary>What a loop over whole blocks needs of a slot with 8-bit codes.</summary>
internal abstract unsafe class BlockSlot(StateSlot declared, int number, int length, SlotBuffer buffer)
    : Slot(declared, number, length, buffer)
{
    /// <summary>Sets the constants of the codes.</summary>
    public abstract void Prepare(BlockScratch* scratch);

    /// <summary>Whether a code is NaN.</summary>
    public abstract bool HasNaN(nuint start, nuint end);

    /// <summary>Copies the scales of some whole blocks, and clears the largest magnitudes.</summary>
    public abstract void Begin(BlockScratch* scratch, nuint start, nuint end);

    /// <summary>Encodes the values that a loop has stored.</summary>
    public abstract void Write(BlockScratch* scratch, nuint start, nuint end, RoundingDither dither, int widestLane);

    /// <summary>The random bits of an update.</summary>
    public RoundingDither DitherFor(long iteration) => RoundingDither.For(iteration, Number);
}

/// <summary>A slot with a scale for each block.</summary>
internal interface IScaled
{
    /// <summary>The factor of the numbers in each block.</summary>
    Span<float> Scales { get; }
}
