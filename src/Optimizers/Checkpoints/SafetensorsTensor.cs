namespace Optimizers.Checkpoints;

/// <summary>A tensor of a safetensors file: its name, type and shape, without its elements.</summary>
public sealed class SafetensorsTensor
{
    private readonly ValueList<long> _shape;

    /// <summary>Says what a tensor is to be.</summary>
    /// <param name="name">The name, unique in its file; not "__metadata__", which the format keeps for itself.</param>
    /// <param name="type">The type of the elements.</param>
    /// <param name="shape">The length of each dimension, at least 0; none for a scalar.</param>
    /// <exception cref="ArgumentException">An argument is not as it should be, or the elements fill no whole number of
    /// bytes.</exception>
    public SafetensorsTensor(string name, SafetensorsType type, params ReadOnlySpan<long> shape)
        : this(name, type, shape.ToArray(), begin: 0, BytesOf(name, type, shape))
    {
        if (name == SafetensorsHeader.MetadataName)
        {
            throw new ArgumentException($"\"{name}\" cannot name a tensor, since the format uses it for the metadata. Use another name.", nameof(name));
        }
    }

    internal SafetensorsTensor(string name, SafetensorsType type, long[] shape, long begin, long byteLength)
    {
        _shape = new ValueList<long>(shape);
        Name = name;
        Type = type;
        Begin = begin;
        ByteLength = byteLength;
    }

    /// <summary>The name, unique in its file.</summary>
    public string Name { get; }

    /// <summary>The type of the elements.</summary>
    public SafetensorsType Type { get; }

    /// <summary>The length of each dimension; none for a scalar.</summary>
    public IReadOnlyList<long> Shape => _shape;

    /// <summary>The number of bytes that the elements take.</summary>
    public long ByteLength { get; }

    /// <summary>Where the elements begin, counted from the first byte after the header.</summary>
    internal long Begin { get; }

    internal long End => Begin + ByteLength;

    /// <inheritdoc/>
    public override string ToString() => $"{Quoted.Name(Name)} {SafetensorsTypes.NameOf(Type)} {_shape}";

    internal SafetensorsTensor At(long begin) => new(Name, Type, [.. _shape], begin, ByteLength);

    private static long BytesOf(string name, SafetensorsType type, ReadOnlySpan<long> shape)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!Enum.IsDefined(type))
        {
            throw new ArgumentOutOfRangeException(nameof(type), type, $"{nameof(type)} is no {nameof(SafetensorsType)}.");
        }

        foreach (long length in shape)
        {
            Require.AtLeast(length, 0, nameof(shape));
        }

        return SafetensorsTypes.BytesOf(type, shape) is { } bytes
            ? bytes
            : throw new ArgumentException(
                $"A tensor {Quoted.Shape(shape.ToArray())} of {SafetensorsTypes.NameOf(type)} is too large, with more bytes than the format can count, or ends within a byte.",
                nameof(shape));
    }
}
