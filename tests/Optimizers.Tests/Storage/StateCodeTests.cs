namespace Optimizers.Tests;

/// <summary>Every code of every format: what it stands for, and that this is rounded to it again.</summary>
public sealed class StateCodeTests
{
    [Fact]
    public void AHalfIsTheFrameworksHalf()
    {
        for (int bits = 0; bits <= ushort.MaxValue; bits++)
        {
            float expected = (float)BitConverter.UInt16BitsToHalf((ushort)bits);
            float actual = Value(HalfCode.Decode(Code(bits)));
            if (float.IsNaN(expected))
            {
                actual.Should().Be(float.NaN);
            }
            else
            {
                BitConverter.SingleToInt32Bits(actual).Should().Be(BitConverter.SingleToInt32Bits(expected), $"code {bits:X4}");
            }
        }
    }

    [Fact]
    public void AHalfIsRoundedToItsNeighbours() => CheckNeighbours(
        1 << 15, 0x7C00, HalfCode.Decode, HalfCode.Encode, least: 0);

    [Fact]
    public void ARootIsRoundedToItsNeighbours() => CheckNeighbours(
        1 << 15, 0x7C00, RootHalfCode.Decode, RootHalfCode.Encode, least: 1);

    [Fact]
    public void ABFloat16IsRoundedToItsNeighbours()
    {
        // From the first that is not flushed on.
        int first = BFloat16.Round(1.3e-37f).Bits;
        for (int bits = first; bits < 0x7F80; bits++)
        {
            float value = new BFloat16((ushort)bits).ToSingle();
            float between = BitConverter.Int32BitsToSingle((bits << 16) + 0x4000);
            CheckRounding(BFloat16Code.Decode, BFloat16Code.Encode, value, bits, bits);
            CheckRounding(BFloat16Code.Decode, BFloat16Code.Encode, between, bits, bits + 1);
        }

        foreach (float small in new[] { 0, 1e-37f, 1e-40f, float.Epsilon, -1e-38f })
        {
            (Bits(BFloat16Code.Encode(new Lane1(small), Code(-1))) & 0x7FFF).Should().Be(0);
        }
    }

    [Theory]
    [InlineData(1f)]
    [InlineData(0.0009765625f)]
    [InlineData(1048576f)]
    public void ASignedByteIsRoundedToItsNeighbours(float scale) => CheckNeighbours(
        1 << 7, 0x7F, code => SignedByteCode.Decode(code, new Lane1(scale)),
        (value, chance) => Byte(SignedByteCode.Encode(value, new Lane1(1 / scale), chance)), least: 0);

    [Theory]
    [InlineData(1f)]
    [InlineData(0.0009765625f)]
    [InlineData(1048576f)]
    public void AnUnsignedByteIsRoundedToItsNeighbours(float scale) => CheckNeighbours(
        1 << 8, 0xFF, code => UnsignedByteCode.Decode(code, new Lane1(scale)),
        (value, chance) => Byte(UnsignedByteCode.Encode(value, new Lane1(1 / scale), chance)), least: 1);

    [Fact]
    public void SpecialValuesStaySpecial()
    {
        foreach (int nan in new[] { 0x7FC00000, 0x7FFFFFFF, 0x7F800001, -1, unchecked((int)0xFFC00000) })
        {
            foreach (int chance in new[] { 0, -1 })
            {
                Lane1 value = Code(nan);
                Value(BFloat16Code.Decode(Word(BFloat16Code.Encode(value, Code(chance))))).Should().Be(float.NaN);
                Value(HalfCode.Decode(Word(HalfCode.Encode(value, Code(chance))))).Should().Be(float.NaN);
                Value(RootHalfCode.Decode(Word(RootHalfCode.Encode(value, Code(chance))))).Should().Be(float.NaN);
                Value(SignedByteCode.Decode(Byte(SignedByteCode.Encode(value, new Lane1(1), Code(chance))), new Lane1(1))).Should().Be(float.NaN);
                Value(UnsignedByteCode.Decode(Byte(UnsignedByteCode.Encode(value, new Lane1(1), Code(chance))), new Lane1(1))).Should().Be(float.NaN);
            }
        }

        foreach (float infinity in new[] { float.PositiveInfinity, float.NegativeInfinity })
        {
            var value = new Lane1(infinity);
            Value(BFloat16Code.Decode(Word(BFloat16Code.Encode(value, Code(-1))))).Should().Be(infinity);
            Value(HalfCode.Decode(Word(HalfCode.Encode(value, Code(-1))))).Should().Be(infinity);
            Value(RootHalfCode.Decode(Word(RootHalfCode.Encode(value, Code(-1))))).Should().Be(float.PositiveInfinity);
            Value(SignedByteCode.Decode(Byte(SignedByteCode.Encode(value, new Lane1(1), Code(-1))), new Lane1(1))).Should().Be(float.NaN);
            Value(UnsignedByteCode.Decode(Byte(UnsignedByteCode.Encode(value, new Lane1(1), Code(-1))), new Lane1(1))).Should().Be(float.NaN);
        }

        Value(HalfCode.Decode(Word(HalfCode.Encode(new Lane1(-1e30f), Code(-1))))).Should().Be(-65_504);
    }

    // All finite codes without a sign, in their order: what a code stands for gets that code, whatever the chance, and what is
    // a quarter of the way to the next gets that with a quarter of the chances.
    private static void CheckNeighbours(
        int codes, int firstSpecial, Func<Lane1, Lane1> decode, Func<Lane1, Lane1, Lane1> encode, int least)
    {
        for (int code = 0; code < Math.Min(codes, firstSpecial); code++)
        {
            float value = Value(decode(Code(code)));
            CheckRounding(decode, encode, value, code, code);
            if (code + 1 < firstSpecial)
            {
                float next = Value(decode(Code(code + 1)));
                next.Should().BeGreaterThan(value);
                CheckRounding(decode, encode, value + ((next - value) / 4), Math.Max(code, least), code + 1);
            }
        }
    }

    private static void CheckRounding(
        Func<Lane1, Lane1> decode, Func<Lane1, Lane1, Lane1> encode, float value, int lower, int upper)
    {
        Bits(encode(new Lane1(value), Code(0))).Should().Be(lower, $"{value:R}");
        Bits(encode(new Lane1(value), Code(-1))).Should().Be(upper, $"{value:R}");
        Value(decode(Code(upper))).Should().BeGreaterThanOrEqualTo(value);
    }

    private static Lane1 Code(int bits) => Lane1.SplatBits((uint)bits);

    private static Lane1 Byte(Lane1 code) => Lane1.AndBits(code, Code(0xFF));

    private static Lane1 Word(Lane1 code) => Lane1.AndBits(code, Code(0xFFFF));

    private static unsafe float Value(Lane1 lane)
    {
        float value;
        Lane1.Store(lane, &value);
        return value;
    }

    private static int Bits(Lane1 lane) => BitConverter.SingleToInt32Bits(Value(lane));
}
