using System.Buffers.Binary;

namespace Optimizers.Checkpoints;

/// <summary>One item of a checkpoint.</summary>
internal abstract record CheckpointEntry(string Name)
{
    /// <summary>The parameter that the item belongs to; null if it belongs to none, and then a partial load ignores it.</summary>
    public CheckpointOwner? Owner { get; init; }

    /// <summary>The first version of the format with this item. A load from an older file leaves the item unchanged.</summary>
    public int Since { get; init; } = 1;
}

/// <summary>The parameter that an item belongs to, and its state if the item is part of that state.</summary>
internal sealed record CheckpointOwner(string Parameter, OptimizerState? State = null);

/// <summary>An item that is stored as a tensor of the file.</summary>
internal abstract record TensorEntry(string Name, SafetensorsType Type, long[] Shape) : CheckpointEntry(Name)
{
    /// <summary>Copies bytes from memory, in the byte order of the file.</summary>
    public abstract void CopyTo(Span<byte> bytes, long start);

    /// <summary>Copies bytes into memory, from the byte order of the file.</summary>
    public abstract void CopyFrom(ReadOnlySpan<byte> bytes, long start);

    /// <summary>Whether the item can be loaded from elements of a type.</summary>
    public virtual bool Takes(SafetensorsType type) => type == Type;

    /// <summary>Makes an item that converts elements of another type when it is loaded; null if there is no conversion.</summary>
    public Func<SafetensorsType, TensorEntry?>? Conversion { get; init; }

    /// <summary>Throws if the description does not fit its memory, before anything is written.</summary>
    public virtual void Check()
    {
    }

    /// <summary>Validates the bytes to load, and changes nothing.</summary>
    /// <returns>What is wrong with the bytes; null if they are valid.</returns>
    public virtual string? Refusal(ReadOnlySpan<byte> bytes) => null;

    public sealed override string ToString() => $"{Quoted.Name(Name)} {SafetensorsTypes.NameOf(Type)} {Quoted.Shape(Shape)}";
}

/// <summary>Elements of a fixed type. Each element lies within one chunk.</summary>
internal sealed record ElementsEntry<T>(string Name, long[] Shape, Func<Span<T>> Elements)
    : TensorEntry(Name, SafetensorsTypes.Of<T>(), Shape)
    where T : unmanaged
{
    public override void CopyTo(Span<byte> bytes, long start) => LittleEndian.Write<T>(Part(bytes.Length, start), bytes);

    public override void CopyFrom(ReadOnlySpan<byte> bytes, long start) => LittleEndian.Read(bytes, Part(bytes.Length, start));

    public override void Check()
    {
        long expected = Shape.Aggregate(1L, (count, length) => count * length);
        if (Elements().Length != expected)
        {
            throw new InvalidOperationException($"{this} was listed for the checkpoint, so its memory must have {expected} elements, but it has {Elements().Length}. List it with the shape of its memory.");
        }
    }

    private Span<T> Part(int bytes, long start) =>
        Elements().Slice((int)(start / Unsafe.SizeOf<T>()), bytes / Unsafe.SizeOf<T>());
}

/// <summary>A whole number, stored as a tensor without dimensions.</summary>
internal sealed record CounterEntry(string Name, Func<long> Get, Action<long> Set)
    : TensorEntry(Name, SafetensorsType.I64, [])
{
    /// <summary>
    /// Whether this is a number of updates. A file from another program may lack it, and then the model's number is used.
    /// </summary>
    public bool CountsUpdates { get; init; }

    public override void CopyTo(Span<byte> bytes, long start) => BinaryPrimitives.WriteInt64LittleEndian(bytes, Get());

    public override void CopyFrom(ReadOnlySpan<byte> bytes, long start) => Set(BinaryPrimitives.ReadInt64LittleEndian(bytes));

    public override string? Refusal(ReadOnlySpan<byte> bytes)
    {
        long number = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        return number < 0 ? $"{number}, but a counter must be at least 0" : null;
    }
}

/// <summary>A number in double, stored as a tensor without dimensions. Files from other programs may have it in float.</summary>
internal sealed record ScalarEntry(string Name, Func<double> Get, Action<double> Set)
    : TensorEntry(Name, SafetensorsType.F64, [])
{
    public override bool Takes(SafetensorsType type) => type is SafetensorsType.F64 or SafetensorsType.F32;

    public override void CopyTo(Span<byte> bytes, long start) => BinaryPrimitives.WriteDoubleLittleEndian(bytes, Get());

    public override void CopyFrom(ReadOnlySpan<byte> bytes, long start) => Set(bytes.Length == sizeof(float)
        ? BinaryPrimitives.ReadSingleLittleEndian(bytes)
        : BinaryPrimitives.ReadDoubleLittleEndian(bytes));
}

/// <summary>An item that is stored as a string in the file's metadata.</summary>
internal sealed record ValueEntry(string Name, Func<string> Get, Func<string, Action> Accept) : CheckpointEntry(Name)
{
    /// <summary>
    /// The value to use after a number of updates if a file from another program lacks this item; null if there is no such value.
    /// </summary>
    public Func<long, string>? WhenAbsent { get; init; }

    /// <summary>Whether a partial load compares the item too. It changes nothing then.</summary>
    public bool ComparesParameters { get; init; }

    /// <summary>Whether the item only compares options, and changes nothing.</summary>
    public bool ComparesOptions { get; init; }

    /// <summary>Whether this is the number of updates. A partial load of every parameter loads it too.</summary>
    public bool CountsUpdates { get; init; }
}
