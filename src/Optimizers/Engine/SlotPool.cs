namespace Optimizers;

/// <summary>
/// Memory for one state slot of many tensors: small ones lie next to each other, so that a step streams on from one to the
/// next; a large one has an array of its own.
/// </summary>
internal sealed class SlotPool
{
    private const int Small = 64 * 1024;
    private const int Line = 16;

    private readonly AlignedArray _shared;
    private readonly int _stream;
    private int _used;

    /// <param name="slot">The number of the slot.</param>
    /// <param name="lengths">The lengths that will be taken.</param>
    public SlotPool(int slot, IEnumerable<int> lengths)
    {
        _stream = 2 + slot;
        long shared = lengths.Where(length => length < Small).Sum(length => (long)Padded(length));
        _shared = new AlignedArray((int)Math.Min(shared, int.MaxValue - Line), _stream);
    }

    public SlotBuffer Take(int length)
    {
        int padded = length < Small ? Padded(length) : int.MaxValue;
        if (padded > _shared.Length - _used)
        {
            return new SlotBuffer(new AlignedArray(length, _stream), 0, length);
        }

        var buffer = new SlotBuffer(_shared, _used, length);
        _used += padded;
        return buffer;
    }

    private static int Padded(int length) => (length + Line - 1) / Line * Line;
}

/// <summary>A part of an array: the elements of one slot of one tensor.</summary>
internal readonly unsafe struct SlotBuffer(AlignedArray array, int start, int length)
{
    /// <summary>Valid while the array is reachable.</summary>
    public float* Address => array.Address + start;

    public Span<float> Span => array.Span.Slice(start, length);
}
