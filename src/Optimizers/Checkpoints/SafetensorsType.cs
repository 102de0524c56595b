namespace Optimizers.Checkpoints;

/// <summary>
/// The type of a tensor's elements in a safetensors file. The values are in the order of the format, which is also that of alignment.
/// </summary>
public enum SafetensorsType
{
    /// <summary>A byte that is 0 or 1.</summary>
    Bool,

    /// <summary>Floating point with 4 bits: two of exponent and one of fraction. Two elements fill a byte.</summary>
    F4,

    /// <summary>Floating point with 6 bits: two of exponent and three of fraction. Four elements fill three bytes.</summary>
    F6E2M3,

    /// <summary>Floating point with 6 bits: three of exponent and two of fraction. Four elements fill three bytes.</summary>
    F6E3M2,

    /// <summary>An unsigned integer of 8 bits.</summary>
    U8,

    /// <summary>A signed integer of 8 bits.</summary>
    I8,

    /// <summary>Floating point with 8 bits: five of exponent and two of fraction.</summary>
    F8E5M2,

    /// <summary>Floating point with 8 bits: four of exponent and three of fraction.</summary>
    F8E4M3,

    /// <summary>A power of two with 8 bits of exponent.</summary>
    F8E8M0,

    /// <summary>Like <see cref="F8E4M3"/>, but without infinities and without a negative zero.</summary>
    F8E4M3Fnuz,

    /// <summary>Like <see cref="F8E5M2"/>, but without infinities and without a negative zero.</summary>
    F8E5M2Fnuz,

    /// <summary>A signed integer of 16 bits.</summary>
    I16,

    /// <summary>An unsigned integer of 16 bits.</summary>
    U16,

    /// <summary>A <see cref="Half"/>.</summary>
    F16,

    /// <summary>A <see cref="BFloat16"/>.</summary>
    BF16,

    /// <summary>A signed integer of 32 bits.</summary>
    I32,

    /// <summary>An unsigned integer of 32 bits.</summary>
    U32,

    /// <summary>A <see cref="float"/>.</summary>
    F32,

    /// <summary>A complex number of two <see cref="float"/>s.</summary>
    C64,

    /// <summary>A <see cref="double"/>.</summary>
    F64,

    /// <summary>A signed integer of 64 bits.</summary>
    I64,

    /// <summary>An unsigned integer of 64 bits.</summary>
    U64,
}

/// <summary>The name and the size of each type in the format.</summary>
internal static class SafetensorsTypes
{
    // Indexed by the number of the type: its name in a file, and its number of bits.
    private static readonly (string Name, int Bits)[] _all =
    [
        ("BOOL", 8), ("F4", 4), ("F6_E2M3", 6), ("F6_E3M2", 6), ("U8", 8), ("I8", 8), ("F8_E5M2", 8), ("F8_E4M3", 8),
        ("F8_E8M0", 8), ("F8_E4M3FNUZ", 8), ("F8_E5M2FNUZ", 8), ("I16", 16), ("U16", 16), ("F16", 16), ("BF16", 16),
        ("I32", 32), ("U32", 32), ("F32", 32), ("C64", 64), ("F64", 64), ("I64", 64), ("U64", 64),
    ];

    private static readonly Dictionary<Type, SafetensorsType> _byElement = new()
    {
        [typeof(byte)] = SafetensorsType.U8,
        [typeof(sbyte)] = SafetensorsType.I8,
        [typeof(short)] = SafetensorsType.I16,
        [typeof(ushort)] = SafetensorsType.U16,
        [typeof(Half)] = SafetensorsType.F16,
        [typeof(BFloat16)] = SafetensorsType.BF16,
        [typeof(int)] = SafetensorsType.I32,
        [typeof(uint)] = SafetensorsType.U32,
        [typeof(float)] = SafetensorsType.F32,
        [typeof(double)] = SafetensorsType.F64,
        [typeof(long)] = SafetensorsType.I64,
        [typeof(ulong)] = SafetensorsType.U64,
    };

    public static string NameOf(SafetensorsType type) => _all[(int)type].Name;

    public static SafetensorsType? Find(string name)
    {
        int index = Array.FindIndex(_all, type => type.Name == name);
        return index >= 0 ? (SafetensorsType)index : null;
    }

    /// <summary>The type whose elements are the .NET type <typeparamref name="T"/>.</summary>
    public static SafetensorsType Of<T>() =>
        _byElement.TryGetValue(typeof(T), out SafetensorsType type)
            ? type
            : throw new ArgumentException($"A safetensors file cannot have elements of type {typeof(T).Name}. Use one of {string.Join(", ", _byElement.Keys.Select(type => type.Name))}.");

    /// <summary>The number of bytes of a tensor; null if it is not a whole number or exceeds what the format can count.</summary>
    public static long? BytesOf(SafetensorsType type, ReadOnlySpan<long> shape)
    {
        // The format counts the bits of a tensor in an unsigned 64-bit integer.
        ulong count = 1;
        foreach (long length in shape)
        {
            UInt128 product = (UInt128)count * (ulong)length;
            if (product > ulong.MaxValue)
            {
                return null;
            }

            count = (ulong)product;
        }

        UInt128 bits = (UInt128)count * (uint)_all[(int)type].Bits;
        return bits <= ulong.MaxValue && bits % 8 == 0 ? (long)(bits / 8) : null;
    }
}
