using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Optimizers;

/// <summary>
/// Zeroed floats that do not move; the garbage collector owns them. The pages of a large one are the operating system's
/// until the thread that works on them touches them first.
/// </summary>
internal sealed unsafe class AlignedArray
{
    // Wide elements, so that an array can hold as many floats as a span.
    private readonly Vector512<float>[] _memory;
    private readonly nint _start;

    /// <param name="length">The number of elements.</param>
    /// <param name="stream">Which of the buffers of a step it is: see <see cref="Placement.Next"/>.</param>
    public AlignedArray(int length, int stream)
    {
        Length = length;
        nuint bytes = (nuint)length * sizeof(float);
        nuint room = bytes + Placement.Slack(bytes);
        _memory = GC.AllocateArray<Vector512<float>>((int)(room / (nuint)sizeof(Vector512<float>)) + 1, pinned: true);
        nuint address = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_memory));
        nuint place = Placement.Next(address, bytes, stream);
        Address = (float*)place;
        _start = (nint)(place - address);
    }

    public int Length { get; }

    /// <summary>Valid while this object is reachable.</summary>
    public float* Address { get; }

    public Span<float> Span => MemoryMarshal.CreateSpan(
        ref Unsafe.As<Vector512<float>, float>(
            ref Unsafe.AddByteOffset(ref MemoryMarshal.GetArrayDataReference(_memory), _start)),
        Length);
}
