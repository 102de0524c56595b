namespace Optimizers;

/// <summary>A number in the bfloat16 format: the upper half of a <see cref="float"/>, with 8 significant bits.</summary>
/// <param name="Bits">The 16 bits: one of the sign, eight of the exponent, seven of the fraction.</param>
public readonly record struct BFloat16(ushort Bits)
{
    /// <summary>
    /// Rounds to the nearest bfloat16, ties to even. A value beyond the largest bfloat16 becomes infinite; a NaN keeps its sign.
    /// </summary>
    public static BFloat16 Round(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        uint rounded = float.IsNaN(value) ? bits | 0x400000 : bits + 0x7FFF + ((bits >> 16) & 1);
        return new BFloat16((ushort)(rounded >> 16));
    }

    /// <summary>The same number as a <see cref="float"/>; the conversion is exact.</summary>
    public float ToSingle() => BitConverter.UInt32BitsToSingle((uint)Bits << 16);

    /// <inheritdoc/>
    public override string ToString() => ToSingle().ToString(System.Globalization.CultureInfo.InvariantCulture);
}
