using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Optimizers.Engine;

/// <summary>
/// Zeroed memory that does not move; the garbage collector owns it. The operating system provides the pages of a large array only
/// when a thread first touches them, so the thread that works on them should touch them first.
/// </summary>
internal sealed unsafe class AlignedArray
{
    // The elements are wide, so the array can be as long as a span of floats.
    private readonly Vector512<byte>[] _memory;
    private readonly nint _start;

    /// <param name="bytes">The length.</param>
    /// <param name="stream">The number of the buffer among those of a step: see <see cref="Placement.Next"/>.</param>
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

    /// <summary>The address, valid while this object is reachable.</summary>
    public byte* Address { get; }

    /// <summary>A part of the memory. It keeps this object reachable.</summary>
    /// <param name="start">The start of the part, in bytes.</param>
    /// <param name="length">The number of elements.</param>
    public Span<T> Span<T>(nuint start, int length)
        where T : unmanaged => MemoryMarshal.CreateSpan(
            ref Unsafe.As<Vector512<byte>, T>(
                ref Unsafe.AddByteOffset(ref MemoryMarshal.GetArrayDataReference(_memory), _start + (nint)start)),
            length);
}
