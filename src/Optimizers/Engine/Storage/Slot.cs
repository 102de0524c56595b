namespace Optimizers.Engine;

/// <summary>One state slot of one tensor: its memory, and the conversion of its values.</summary>
internal abstract unsafe class Slot(StateSlot declared, int number, int length, SlotBuffer buffer)
{
    // Smaller tensors, such as biases and norms, save little memory in blocks, and often need the precision.
    private const int FewestInBlocks = 4096;

    public StateSlot Declared { get; } = declared;

    /// <summary>The address of the memory, valid while this object is reachable. Null if only the methods can access the memory.</summary>
    public byte* Address => Buffer.Address;

    /// <summary>The format of the elements.</summary>
    public StateFormat Format { get; private set; }

    /// <summary>The number of bytes of the elements and their scales.</summary>
    public abstract long Bytes { get; }

    /// <summary>The number of elements.</summary>
    public int Length { get; } = length;

    protected SlotBuffer Buffer { get; } = buffer;

    // The number of the slot among those of its tensor.
    protected int Number { get; } = number;

    /// <summary>The format that a slot gets for a requested format.</summary>
    public static StateFormat FormatFor(StateSlot declared, int length, StateFormat asked) =>
        declared.FullPrecision || declared.Extent != SlotExtent.Elements || (asked == StateFormat.Block8 && length < FewestInBlocks) ? StateFormat.Float32 : asked;

    /// <summary>The number of bytes to allocate for a slot.</summary>
    public static nuint RoomFor(StateSlot declared, int length, StateFormat asked) => FormatFor(declared, length, asked) switch
    {
        StateFormat.Float32 => (nuint)length * sizeof(float),
        StateFormat.Block8 => Blocks.RoomFor(length),
        StateFormat.BFloat16 or StateFormat.Half => CodeLoops.RoomFor(length) * sizeof(ushort),
        StateFormat format => throw new System.Diagnostics.UnreachableException($"A slot cannot have the format {format}."),
    };

    /// <summary>The <see cref="Bytes"/> of a slot: the elements and their scales, without the room for the last lane or block.</summary>
    public static long BytesFor(StateSlot declared, int length, StateFormat asked) => FormatFor(declared, length, asked) switch
    {
        StateFormat.Float32 => (long)length * sizeof(float),
        StateFormat.Block8 => length + ((long)Blocks.CountOf(length) * sizeof(float)),
        StateFormat.BFloat16 or StateFormat.Half => (long)length * sizeof(ushort),
        StateFormat format => throw new System.Diagnostics.UnreachableException($"A slot cannot have the format {format}."),
    };

    /// <summary>Allocates a slot. All of its elements are 0.</summary>
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
            _ => throw new System.Diagnostics.UnreachableException($"A slot cannot have the format {format}."),
        };
        slot.Format = format;
        return slot;
    }

    /// <summary>The elements in their stored form.</summary>
    /// <typeparam name="T">A type with the size of an element in this format.</typeparam>
    public Span<T> Stored<T>()
        where T : unmanaged =>
        Buffer.Span<T>(0, Length);

    /// <summary>
    /// Decodes elements into <paramref name="values"/>, from <paramref name="start"/> on. <paramref name="values"/> has room
    /// for whole blocks, and places after the last element may be overwritten too.
    /// </summary>
    public abstract void Read(nuint start, nuint end, float* values, int widestLane);

    /// <summary>
    /// Encodes elements that <see cref="Read"/> has decoded and a rule has changed, with the rounding of the given update.
    /// The start must be that of a block. The end must be that of a block or of the tensor.
    /// </summary>
    public abstract void Write(nuint start, nuint end, float* values, long iteration, int widestLane);

    /// <summary>Copies the whole memory.</summary>
    public abstract void Save(Span<byte> destination);

    /// <summary>Copies the memory of a slot of the same kind, length and format.</summary>
    public void CopyFrom(Slot other)
    {
        nuint bytes = RoomFor(Declared, Length, Format);
        System.Buffer.MemoryCopy(other.Address, Address, bytes, bytes);
    }

    /// <summary>Copies memory that <see cref="Save"/> has copied.</summary>
    public abstract void Load(ReadOnlySpan<byte> source);

    /// <summary>Sets all elements to their values before the first update.</summary>
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

    /// <summary>Sets all elements to 0.</summary>
    protected virtual void Clear() => Buffer.Clear();
}
