using System.Runtime.InteropServices;

namespace Optimizers.Engine;

/// <summary>
/// Memory for one state slot of many tensors. Small slots are contiguous, so a step streams from one to the
/// next. A large slot has its own array.
/// </summary>
internal sealed class SlotPool
{
    private const nuint Small = 256 * 1024;
    private const nuint Line = 64;

    // If an array cannot hold the whole pool, the remaining slots get their own arrays.
    private static readonly nuint _most = unchecked((nuint)(int.MaxValue / 2) * Line);

    private readonly AlignedArray _shared;
    private readonly int _stream;
    private nuint _used;

    /// <param name="slot">The number of the slot.</param>
    /// <param name="sizes">The sizes of the slots to allocate, in bytes.</param>
    public SlotPool(int slot, IEnumerable<nuint> sizes)
    {
        _stream = 2 + slot;
        nuint shared = sizes.Where(bytes => bytes < Small).Aggregate((nuint)0, (sum, bytes) => sum + Padded(bytes));
        _shared = new AlignedArray(nuint.Min(shared, _most), _stream);
    }

    public SlotBuffer Take(nuint bytes)
    {
        nuint padded = Padded(bytes);
        if (bytes >= Small || padded > _shared.Bytes - _used)
        {
            return new SlotBuffer(new AlignedArray(bytes, _stream), 0, bytes);
        }

        var buffer = new SlotBuffer(_shared, _used, bytes);
        _used += padded;
        return buffer;
    }

    private static nuint Padded(nuint bytes) => (bytes + Line - 1) / Line * Line;
}

/// <summary>A part of an array: the memory of one slot of one tensor.</summary>
internal readonly unsafe struct SlotBuffer(AlignedArray array, nuint start, nuint bytes)
{
    /// <summary>The address, valid while the array is reachable; null if there is no array.</summary>
    public byte* Address => array is null ? null : array.Address + start;

    /// <summary>Sets the whole memory to 0, as after allocation.</summary>
    public void Clear() => NativeMemory.Clear(Address, bytes);

    /// <summary>Elements from a byte offset on.</summary>
    public Span<T> Span<T>(nuint offset, int length)
        where T : unmanaged =>
        array.Span<T>(start + offset, length);
}
