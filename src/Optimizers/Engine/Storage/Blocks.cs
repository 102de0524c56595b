namespace Optimizers.Engine;

/// <summary>Blocks of elements, counted from the start of a tensor. In memory the last block has full length too.</summary>
internal static class Blocks
{
    /// <summary>The number of elements of a block. It divides <see cref="Reductions.Block"/>, so two threads never share a block.</summary>
    public const int Length = 256;

    public static int CountOf(int length) => (int)(((uint)length + (Length - 1)) / Length);

    /// <summary>The number of elements in all blocks.</summary>
    public static nuint CodesFor(int length) => (nuint)CountOf(length) * Length;

    /// <summary>The number of bytes for all one-byte codes and all scales.</summary>
    public static nuint RoomFor(int length) => CodesFor(length) + ((nuint)CountOf(length) * sizeof(float));
}
