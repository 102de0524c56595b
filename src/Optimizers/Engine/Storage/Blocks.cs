namespace Optimizers.Engine;

/// <summary>Blocks of elements, counted from the start of a tensor. In memory the last one is as long as any.</summary>
internal static class Blocks
{
    /// <summary>The number of elements of a block; a part of <see cref="Reductions.Block"/>, so that no two threads share one.</summary>
    public const int Length = 256;

    public static int CountOf(int length) => (int)(((uint)length + (Length - 1)) / Length);

    /// <summary>The elements of all blocks.</summary>
    public static nuint CodesFor(int length) => (nuint)CountOf(length) * Length;

    /// <summary>The memory of all codes of one byte and all scales.</summary>
    public static nuint RoomFor(int length) => CodesFor(length) + ((nuint)CountOf(length) * sizeof(float));
}
