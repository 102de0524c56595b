using System.Runtime.InteropServices;

namespace Optimizers;

/// <summary>Zeroed memory outside the garbage collector's heap; its pages have not been accessed yet.</summary>
internal sealed unsafe class NativeBuffer : SafeHandle
{
    public NativeBuffer(nuint bytes)
        : base(0, ownsHandle: true) => SetHandle((nint)NativeMemory.AllocZeroed(nuint.Max(bytes, 1)));

    public override bool IsInvalid => handle == 0;

    public nuint Address => (nuint)handle;

    protected override bool ReleaseHandle()
    {
        NativeMemory.Free((void*)handle);
        return true;
    }
}
