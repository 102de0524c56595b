using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Optimizers.Engine;

/// <summary>
/// Zeroed memory that does not move; the garbage collector owns it. The pages of a large one are the operating system's
/// until the thread that works on them touches them first.
/// </summary>
internal sealed unsafe class AlignedArray
{
    // Wide elements, so that an array can hold as many floats as a span.
    private readonly Vector512<byte>[] _memory;
    private readonly nint _start;

    /// <param name="bytes">Its length.</param>
    /// <param name="stream">Which of the buffers of a step it is: see <see cref="Placement.Next"/>.</param>
    public AlignedArray(nuint bytes, int stream)
    {
        Bytes = bytes;
        nuint room = bytes + Placement.Slack(bytes);
        _memory = GC.AllocateArray<Vector512<byte>>((int)(room / (nuint)sizeof(Vector512<byte>)) + 1, pinned: true);
        nuint address = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_memory));
        nuint place = Placement.Next(address, bytes, stream);
        Address = (byte*)place;
        _start = (nint)(place - address);
    }

    public nuint Bytes { get; }

    /// <summary>Valid while this object is reachable.</summary>
    public byte* Address { get; }

    /// <summary>A part of it, which keeps it reachable.</summary>
    /// <param name="start">Where the part begins, in bytes.</param>
    /// <param name="length">The number of elements.</param>
    public Span<T> Span<T>(nuint start, int length)
        where T : unmanaged => MemoryMarshal.CreateSpan(
            ref Unsafe.As<Vector512<byte>, T>(
                ref Unsafe.AddByteOffset(ref MemoryMarshal.GetArrayDataReference(_memory), _start + (nint)start)),
            length);
}
