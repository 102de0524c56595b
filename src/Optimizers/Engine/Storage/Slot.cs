namespace Optimizers.Engine;

/// <summary>One state slot of one tensor: memory, and how values are read from it and written to it.</summary>
internal abstract unsafe class Slot(StateSlot declared, int number, int length, SlotBuffer buffer)
{
    // Smaller tensors have little to save, and often need their precision: biases, norms.
    private const int FewestInBlocks = 4096;

    public StateSlot Declared { get; } = declared;

    /// <summary>Where its memory lies; valid while this object is reachable. Null: elsewhere, and only the methods reach it.</summary>
    public byte* Address => Buffer.Address;

    /// <summary>The format of its elements.</summary>
    public StateFormat Format { get; private set; }

    /// <summary>The memory of its elements and of what they share.</summary>
    public abstract long Bytes { get; }

    /// <summary>The number of its elements.</summary>
    public int Length { get; } = length;

    protected SlotBuffer Buffer { get; } = buffer;

    // Which of the slots of its tensor it is.
    protected int Number { get; } = number;

    /// <summary>The format that a slot gets where one is asked for.</summary>
    public static StateFormat FormatFor(StateSlot declared, int length, StateFormat asked) =>
        declared.FullPrecision || declared.Extent != SlotExtent.Elements || (asked == StateFormat.Block8 && length < FewestInBlocks) ? StateFormat.Float32 : asked;

    /// <summary>The memory to take for a slot.</summary>
    public static nuint RoomFor(StateSlot declared, int length, StateFormat asked) => FormatFor(declared, length, asked) switch
    {
        StateFormat.Float32 => (nuint)length * sizeof(float),
        StateFormat.Block8 => Blocks.RoomFor(length),
        StateFormat.BFloat16 or StateFormat.Half => CodeLoops.RoomFor(length) * sizeof(ushort),
        StateFormat format => throw new System.Diagnostics.UnreachableException($"No slot has the format {format}."),
    };

    /// <summary>Takes the memory for a slot; all of its elements are 0.</summary>
    public static Slot Make(StateSlot declared, int number, int length, StateFormat asked, SlotPool pool)
    {
        SlotBuffer buffer = pool.Take(RoomFor(declared, length, asked));
        StateFormat format = FormatFor(declared, length, asked);
        Slot slot = (format, declared.NonNegative) switch
        {
            (StateFormat.Float32, _) => new FloatSlot(declared, number, length, buffer),
            (StateFormat.BFloat16, _) => new CodeSlot<BFloat16Code>(declared, number, length, buffer),
            (StateFormat.Half, false) => new CodeSlot<HalfCode>(declared, number, length, buffer),
            (StateFormat.Half, true) => new CodeSlot<RootHalfCode>(declared, number, length, buffer),
            (StateFormat.Block8, false) => new BlockSlot<SignedByteCode>(declared, number, length, buffer),
            (StateFormat.Block8, true) => new BlockSlot<UnsignedByteCode>(declared, number, length, buffer),
            _ => throw new System.Diagnostics.UnreachableException($"No slot has the format {format}."),
        };
        slot.Format = format;
        return slot;
    }

    /// <summary>The elements as they stand in memory.</summary>
    /// <typeparam name="T">A type of the size that they have in this format.</typeparam>
    public Span<T> Stored<T>()
        where T : unmanaged =>
        Buffer.Span<T>(0, Length);

    /// <summary>
    /// Reads elements into <paramref name="values"/>, of which the first is that of <paramref name="start"/>. There is room
    /// for whole blocks, and what is behind the last element may be written too.
    /// </summary>
    public abstract void Read(nuint start, nuint end, float* values, int widestLane);

    /// <summary>
    /// Writes what <see cref="Read"/> has read and somebody has changed, rounded as befits the update with that number. The
    /// start is that of a block; the end is one too, or the tensor's.
    /// </summary>
    public abstract void Write(nuint start, nuint end, float* values, long iteration, int widestLane);

    /// <summary>Copies all of its memory.</summary>
    public abstract void Save(Span<byte> destination);

    /// <summary>Takes over the memory of a slot of the same kind, length and format.</summary>
    public void CopyFrom(Slot other)
    {
        nuint bytes = RoomFor(Declared, Length, Format);
        System.Buffer.MemoryCopy(other.Address, Address, bytes, bytes);
    }

    /// <summary>Takes over what <see cref="Save"/> gave.</summary>
    public abstract void Load(ReadOnlySpan<byte> source);

    /// <summary>Makes all elements what they are before the first update.</summary>
    public void Reset()
    {
        Clear();
        if (Declared.Initial == 0)
        {
            return;
        }

        float* values = stackalloc float[Blocks.Length];
        for (int start = 0; start < Length; start += Blocks.Length)
        {
            int count = Math.Min(Length - start, Blocks.Length);
            new Span<float>(values, Blocks.Length).Clear();
            new Span<float>(values, count).Fill(Declared.Initial);
            Write((nuint)start, (nuint)(start + count), values, iteration: 0, Kernel.WidestLane);
        }
    }

    /// <summary>Makes all elements 0.</summary>
    protected virtual void Clear() => Buffer.Clear();
}
