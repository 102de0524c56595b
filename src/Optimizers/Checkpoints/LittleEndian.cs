using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Optimizers.Checkpoints;

/// <summary>Copies elements from and to the byte order of a file: the low byte first, on every processor.</summary>
internal static class LittleEndian
{
    /// <summary>Copies elements into a file's bytes.</summary>
    public static void Write<T>(ReadOnlySpan<T> elements, Span<byte> bytes)
        where T : unmanaged
    {
        MemoryMarshal.AsBytes(elements).CopyTo(bytes);
        Swap<T>(bytes);
    }

    /// <summary>Copies a file's bytes into elements.</summary>
    public static void Read<T>(ReadOnlySpan<byte> bytes, Span<T> elements)
        where T : unmanaged
    {
        Span<byte> target = MemoryMarshal.AsBytes(elements);
        bytes.CopyTo(target);
        Swap<T>(target);
    }

    private static void Swap<T>(Span<byte> bytes)
        where T : unmanaged
    {
        if (BitConverter.IsLittleEndian)
        {
            return;
        }

        switch (Unsafe.SizeOf<T>())
        {
            case sizeof(ushort):
                Swap(MemoryMarshal.Cast<byte, ushort>(bytes), BinaryPrimitives.ReverseEndianness);
                break;
            case sizeof(uint):
                Swap(MemoryMarshal.Cast<byte, uint>(bytes), BinaryPrimitives.ReverseEndianness);
                break;
            case sizeof(ulong):
                Swap(MemoryMarshal.Cast<byte, ulong>(bytes), BinaryPrimitives.ReverseEndianness);
                break;
        }
    }

    private static void Swap<TInteger>(Span<TInteger> integers, Func<TInteger, TInteger> reverse)
    {
        foreach (ref TInteger integer in integers)
        {
            integer = reverse(integer);
        }
    }
}
