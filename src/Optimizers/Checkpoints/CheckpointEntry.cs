using System.Buffers.Binary;

namespace Optimizers.Checkpoints;

/// <summary>Something that a checkpoint holds.</summary>
internal abstract record CheckpointEntry(string Name)
{
    /// <summary>The parameter that it belongs to; null: to none, and then a partial load leaves it.</summary>
    public CheckpointOwner? Owner { get; init; }

    /// <summary>The version of the format that first had this entry; a load from an older file leaves it as it is.</summary>
    public int Since { get; init; } = 1;
}

/// <summary>The parameter that an entry belongs to, and its state if the entry is a part of that.</summary>
internal sealed record CheckpointOwner(string Parameter, OptimizerState? State = null);

/// <summary>Something that becomes a tensor of the file.</summary>
internal abstract record TensorEntry(string Name, SafetensorsType Type, long[] Shape) : CheckpointEntry(Name)
{
    /// <summary>Copies bytes out, as the file has them.</summary>
    public abstract void CopyTo(Span<byte> bytes, long start);

    /// <summary>Copies bytes in, as the file has them.</summary>
    public abstract void CopyFrom(ReadOnlySpan<byte> bytes, long start);

    /// <summary>Whether it can be copied from elements of a type.</summary>
    public virtual bool Takes(SafetensorsType type) => type == Type;

    /// <summary>Refuses a list that does not fit what it lists, before any of it is written.</summary>
    public virtual void Check()
    {
    }

    /// <summary>Looks at what is to be copied in, and changes nothing.</summary>
    /// <returns>What is wrong with it; null: nothing.</returns>
    public virtual string? Refusal(ReadOnlySpan<byte> bytes) => null;

    public sealed override string ToString() => $"{Quoted.Name(Name)} {SafetensorsTypes.NameOf(Type)} {Quoted.Shape(Shape)}";
}

/// <summary>Elements, each of which lies within one chunk.</summary>
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
            throw new InvalidOperationException($"{this} is described for the checkpoint, but its memory has {Elements().Length} elements, not {expected}.");
        }
    }

    private Span<T> Part(int bytes, long start) =>
        Elements().Slice((int)(start / Unsafe.SizeOf<T>()), bytes / Unsafe.SizeOf<T>());
}

/// <summary>A number, as a tensor without dimensions.</summary>
internal sealed record CounterEntry(string Name, Func<long> Get, Action<long> Set)
    : TensorEntry(Name, SafetensorsType.I64, [])
{
    /// <summary>Whether a file of another writer may lack it, and it is the number of updates then.</summary>
    public bool CountsUpdates { get; init; }

    public override void CopyTo(Span<byte> bytes, long start) => BinaryPrimitives.WriteInt64LittleEndian(bytes, Get());

    public override void CopyFrom(ReadOnlySpan<byte> bytes, long start) => Set(BinaryPrimitives.ReadInt64LittleEndian(bytes));

    public override string? Refusal(ReadOnlySpan<byte> bytes)
    {
        long number = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        return number < 0 ? $"{number}, which counts nothing" : null;
    }
}

/// <summary>A number in double, as a tensor without dimensions; other writers may have it in float.</summary>
internal sealed record ScalarEntry(string Name, Func<double> Get, Action<double> Set)
    : TensorEntry(Name, SafetensorsType.F64, [])
{
    public override bool Takes(SafetensorsType type) => type is SafetensorsType.F64 or SafetensorsType.F32;

    public override void CopyTo(Span<byte> bytes, long start) => BinaryPrimitives.WriteDoubleLittleEndian(bytes, Get());

    public override void CopyFrom(ReadOnlySpan<byte> bytes, long start) => Set(bytes.Length == sizeof(float)
        ? BinaryPrimitives.ReadSingleLittleEndian(bytes)
        : BinaryPrimitives.ReadDoubleLittleEndian(bytes));
}

/// <summary>Something that becomes a string of the file's metadata.</summary>
internal sealed record ValueEntry(string Name, Func<string> Get, Func<string, Action> Accept) : CheckpointEntry(Name)
{
    /// <summary>What a file of another writer, which lacks it, is taken to say after a number of updates; null: nothing.</summary>
    public Func<long, string>? WhenAbsent { get; init; }

    /// <summary>Whether it is looked at in a partial load as well; it changes nothing then.</summary>
    public bool ComparesParameters { get; init; }

    /// <summary>Whether it only compares options, and changes nothing.</summary>
    public bool ComparesOptions { get; init; }

    /// <summary>Whether it is the number of updates, which a partial load of every parameter takes along.</summary>
    public bool CountsUpdates { get; init; }
}
