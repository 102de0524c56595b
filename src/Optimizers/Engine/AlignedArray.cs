using System.Runtime.InteropServices;

namespace Optimizers;

/// <summary>Zeroed floats that begin on a cache line and do not move; the garbage collector owns them.</summary>
internal sealed unsafe class AlignedArray
{
    private const int Alignment = 64;

    private readonly float[] _memory;
    private readonly int _start;

    public AlignedArray(int length)
    {
        Length = length;
        _memory = GC.AllocateArray<float>(length + (Alignment / sizeof(float)) - 1, pinned: true);
        nuint address = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_memory));
        _start = (int)((((address + Alignment - 1) & ~(nuint)(Alignment - 1)) - address) / sizeof(float));
        Address = (float*)address + _start;
    }

    public int Length { get; }

    /// <summary>Valid while this object is reachable.</summary>
    public float* Address { get; }

    public Span<float> Span => _memory.AsSpan(_start, Length);
}
