using System.Buffers;
using System.Runtime.InteropServices;

namespace Optimizers.Tests;

/// <summary>Memory that counts how often it is pinned at present.</summary>
internal sealed unsafe class CountedMemory<T>(int length) : MemoryManager<T>
    where T : unmanaged
{
    private readonly T[] _elements = GC.AllocateArray<T>(length, pinned: true);

    /// <summary>The number of pins that have not been released.</summary>
    public int Pins { get; private set; }

    /// <summary>The number of all pins.</summary>
    public int AllPins { get; private set; }

    public T* Address => (T*)Marshal.UnsafeAddrOfPinnedArrayElement(_elements, 0);

    public override Span<T> GetSpan() => _elements;

    public override MemoryHandle Pin(int elementIndex = 0)
    {
        Pins++;
        AllPins++;
        return new((T*)Marshal.UnsafeAddrOfPinnedArrayElement(_elements, elementIndex), default, this);
    }

    public override void Unpin()
    {
        Pins--;
        Pins.Should().BeGreaterThanOrEqualTo(0, "a pin is released once");
    }

    protected override void Dispose(bool disposing)
    {
    }
}
