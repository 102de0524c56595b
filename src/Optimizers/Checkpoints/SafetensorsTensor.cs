namespace Optimizers.Checkpoints;

/// <summary>The description of a tensor in a safetensors file: its name, type and shape, without its elements.</summary>
public sealed class SafetensorsTensor
{
    private readonly ValueList<long> _shape;

    /// <summary>Describes a tensor to write.</summary>
    /// <param name="name">The name, unique in its file. It must not be "__metadata__", which the format reserves.</param>
    /// <param name="type">The type of the elements.</param>
    /// <param name="shape">The length of each dimension, at least 0; empty for a scalar.</param>
    /// <exception cref="ArgumentException">An argument is invalid, or the elements do not fill a whole number of
    /// bytes.</exception>
    public SafetensorsTensor(string name, SafetensorsType type, params ReadOnlySpan<long> shape)
        : this(name, type, shape.ToArray(), begin: 0, BytesOf(name, type, shape))
    {
        if (name == SafetensorsHeader.MetadataName)
        {
            throw new ArgumentException($"\"{name}\" cannot be the name of a tensor, because the format uses it for the metadata. Use another name.", nameof(name));
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

    /// <summary>The length of each dimension; empty for a scalar.</summary>
    public IReadOnlyList<long> Shape => _shape;

    /// <summary>The number of bytes of all elements.</summary>
    public long ByteLength { get; }

    /// <summary>The position of the first element, counted from the end of the header.</summary>
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
            throw new ArgumentOutOfRangeException(nameof(type), type, $"{nameof(type)} is not a value of {nameof(SafetensorsType)}.");
        }

        foreach (long length in shape)
        {
            Require.AtLeast(length, 0, nameof(shape));
        }

        return SafetensorsTypes.BytesOf(type, shape) is { } bytes
            ? bytes
            : throw new ArgumentException(
                $"A tensor {Quoted.Shape(shape.ToArray())} of {SafetensorsTypes.NameOf(type)} is too large (it has more bytes than the format can count), or its last element ends within a byte.",
                nameof(shape));
    }
}
