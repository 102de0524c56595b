using System.Runtime.InteropServices;

namespace Optimizers.Engine;

/// <summary>Scratch for some blocks of one slot with 8-bit codes: the new values, and what a loop needs to decode the old ones.</summary>
[StructLayout(LayoutKind.Sequential, Size = 4544)]
internal unsafe struct BlockScratch
{
    /// <summary>
    /// The number of elements. It is small enough for all slots to stay in the first-level cache with parameters and gradients, and
    /// large enough to make the overhead per piece small.
    /// </summary>
    public const int Length = 1024;

    /// <summary>The alignment: the length of a cache line, so no lane is in two lines.</summary>
    public const int Alignment = 64;

    /// <summary>
    /// The places of some fields, in bytes. For a field of a fixed length, the compiler would check in every round of a loop that the
    /// address is not null.
    /// </summary>
    public const int LargestAt = Length * sizeof(float);

    public const int ScalesAt = LargestAt + (Count * 16 * sizeof(uint));

    public const int MagnitudeAt = ScalesAt + (Count * sizeof(float));

    public const int SignAt = MagnitudeAt + sizeof(uint);

    private const int Count = Length / Blocks.Length;

    /// <summary>The new values.</summary>
    public fixed float Values[Length];

    /// <summary>The bits of the largest magnitude in each block: a widest lane for each, with one maximum for each element of a lane.</summary>
    public fixed uint Largest[Count * 16];

    /// <summary>The scales of the old values.</summary>
    public fixed float Scales[Count];

    /// <summary>The bits of a code without its sign, at the upper end of an element.</summary>
    public uint Magnitude;

    /// <summary>The sign bit of a code, at the upper end of an element; 0 if codes have no sign.</summary>
    public uint Sign;

    /// <summary>The magnitude below which a new value is stored as 0.</summary>
    public float FlushBelow;

    /// <summary>The number of bytes to allocate for the scratch of some slots.</summary>
    public static int RoomFor(int slots) => (slots * sizeof(BlockScratch)) + Alignment;

    /// <summary>The first aligned address in allocated memory.</summary>
    public static BlockScratch* At(byte* memory) => (BlockScratch*)(((nuint)memory + (Alignment - 1)) & ~(nuint)(Alignment - 1));
}
