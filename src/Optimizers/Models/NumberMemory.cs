using System.Buffers;

namespace Optimizers;

/// <summary>
/// Memory of your own for the values or the gradients of a parameter: an array, a <see cref="Memory{T}"/> or an address, with the format
/// of its numbers. The default is no memory.
/// </summary>
public readonly unsafe record struct NumberMemory
{
    private readonly Memory<float> _floats;
    private readonly Memory<BFloat16> _bfloats;
    private readonly Memory<Half> _halves;
    private readonly Memory<ushort> _bits;
    private readonly nuint _address;
    private readonly int _length;

    private NumberMemory(NumberFormat format, int length, void* address)
    {
        Format = format;
        _length = length;
        _address = (nuint)address;
        IsGiven = true;
    }

    private NumberMemory(
        NumberFormat format,
        int length,
        Memory<float> floats = default,
        Memory<BFloat16> bfloats = default,
        Memory<Half> halves = default,
        Memory<ushort> bits = default)
        : this(format, length, null)
    {
        _floats = floats;
        _bfloats = bfloats;
        _halves = halves;
        _bits = bits;
    }

    /// <summary>The format of the numbers.</summary>
    public NumberFormat Format { get; }

    internal bool IsGiven { get; }

    // An address comes without a length.
    internal int? Length => _address == 0 ? _length : null;

    /// <summary>Float32 numbers. The memory is pinned until the parameter is pointed elsewhere or its set is disposed.</summary>
    /// <param name="numbers">The memory.</param>
    public static NumberMemory Of(Memory<float> numbers) => new(NumberFormat.Float32, numbers.Length, floats: numbers);

    /// <summary>Bfloat16 numbers.</summary>
    /// <inheritdoc cref="Of(Memory{float})"/>
    public static NumberMemory Of(Memory<BFloat16> numbers) => new(NumberFormat.BFloat16, numbers.Length, bfloats: numbers);

    /// <summary>Half numbers.</summary>
    /// <inheritdoc cref="Of(Memory{float})"/>
    public static NumberMemory Of(Memory<Half> numbers) => new(NumberFormat.Half, numbers.Length, halves: numbers);

    /// <summary>16-bit numbers as bits. The memory is pinned until the parameter is pointed elsewhere or its set is disposed.</summary>
    /// <param name="bits">The memory.</param>
    /// <param name="format">The format of the numbers, <see cref="NumberFormat.BFloat16"/> or <see cref="NumberFormat.Half"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The format does not have 16 bits.</exception>
    public static NumberMemory OfBits(Memory<ushort> bits, NumberFormat format)
    {
        if (format is not (NumberFormat.BFloat16 or NumberFormat.Half))
        {
            throw new ArgumentOutOfRangeException(
                nameof(format), format, $"format = {format} does not have 16 bits. Use {nameof(NumberFormat.BFloat16)} or {nameof(NumberFormat.Half)}.");
        }

        return new(format, bits.Length, bits: bits);
    }

    /// <summary>
    /// Numbers at an address, for memory of another library. There must be as many as the parameter has elements, and the address must
    /// stay valid until the parameter is pointed elsewhere or its set is disposed; neither can be checked.
    /// </summary>
    /// <param name="address">The address; null: no memory.</param>
    /// <param name="format">The format of the numbers.</param>
    /// <exception cref="ArgumentOutOfRangeException">The format is not one of the enumeration.</exception>
    public static NumberMemory At(void* address, NumberFormat format)
    {
        Require.Defined(format, nameof(format));
        return address == null ? default : new(format, 0, address);
    }

    /// <summary>Pins the memory. The address is that of the first number.</summary>
    internal MemoryHandle Pin(out NumberBuffer buffer)
    {
        MemoryHandle pinned = _address != 0 ? default
            : Format == NumberFormat.Float32 ? _floats.Pin()
            : !_bits.IsEmpty ? _bits.Pin()
            : Format == NumberFormat.BFloat16 ? _bfloats.Pin()
            : _halves.Pin();
        buffer = new NumberBuffer(_address != 0 ? _address : (nuint)pinned.Pointer, Format);
        return pinned;
    }
}
