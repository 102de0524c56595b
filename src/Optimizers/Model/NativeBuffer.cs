using System.Runtime.InteropServices;

namespace Optimizers;

/// <summary>Zeroed floats on a cache line, outside the garbage collector's memory.</summary>
internal sealed unsafe class NativeBuffer : SafeHandle
{
    /// <summary>In bytes: a cache line, and the widest lane.</summary>
    public const int Alignment = 64;

    public NativeBuffer(nuint length)
        : base(0, ownsHandle: true)
    {
        nuint bytes = checked(nuint.Max(length, 1) * sizeof(float));
        void* memory = NativeMemory.AlignedAlloc(bytes, Alignment);
        NativeMemory.Clear(memory, bytes);
        SetHandle((nint)memory);
    }

    public override bool IsInvalid => handle == 0;

    public float* Address => (float*)handle;

    protected override bool ReleaseHandle()
    {
        NativeMemory.AlignedFree((void*)handle);
        return true;
    }
}
