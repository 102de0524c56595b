namespace Optimizers.Tests;

/// <summary>Every code of every format: its value, and that the value is rounded to the same code.</summary>
public sealed class StateCodeTests
{
    private static Lane1 None => Lane1.SplatBits(0);

    private static Lane1 Most => Lane1.SplatBits(uint.MaxValue);

    [Fact]
    public void HalfCodesMatchTheFramework()
    {
        for (int bits = 0; bits <= ushort.MaxValue; bits++)
        {
            float expected = (float)BitConverter.UInt16BitsToHalf((ushort)bits);
            float actual = Value(HalfCode.Decode(Read(16, bits)));
            if (float.IsNaN(expected))
            {
                actual.Should().Be(float.NaN);
            }
            else
            {
                BitConverter.SingleToInt32Bits(actual).Should().Be(BitConverter.SingleToInt32Bits(expected), $"this is the value of the code {bits:X4}");
            }
        }
    }

    [Fact]
    public void HalfRoundsToItsNeighbours() => CheckNeighbours(
        16, 1 << 15, 0x7C00, HalfCode.Decode, HalfCode.Encode, least: 0);

    [Fact]
    public void RootCodeRoundsToItsNeighbours() => CheckNeighbours(
        16, 1 << 15, 0x7C00, RootHalfCode.Decode, RootHalfCode.Encode, least: 1);

    [Fact]
    public void BFloat16RoundsToItsNeighbours()
    {
        // From the first value that is not flushed to 0.
        int first = BFloat16.Round(1.3e-37f).Bits;
        for (int bits = first; bits < 0x7F80; bits++)
        {
            float value = new BFloat16((ushort)bits).ToSingle();
            float between = BitConverter.Int32BitsToSingle((bits << 16) + 0x4000);
            CheckRounding(16, BFloat16Code.Decode, BFloat16Code.Encode, value, bits, bits);
            CheckRounding(16, BFloat16Code.Decode, BFloat16Code.Encode, between, bits, bits + 1);
        }

        foreach (float small in new[] { 0, 1e-37f, 1e-40f, float.Epsilon, -1e-38f })
        {
            (Code(16, BFloat16Code.Encode(new Lane1(small), Most)) & 0x7FFF).Should().Be(0);
        }
    }

    [Theory]
    [InlineData(1f, true)]
    [InlineData(0.0009765625f, true)]
    [InlineData(1048576f, true)]
    [InlineData(1f, false)]
    public void SignedByteCodeRoundsToItsNeighbours(float scale, bool isFinite) => CheckNeighbours(
        8, 1 << 7, 0x7F, code => SignedByteCode.Decode(code, new Lane1(scale)),
        (value, chance) => SignedByteCode.Encode(value, new Lane1(1 / scale), new Lane1(SignedByteCode.FlushAtLeast), isFinite, chance), least: 0);

    [Theory]
    [InlineData(1f, true)]
    [InlineData(0.0009765625f, true)]
    [InlineData(1048576f, true)]
    [InlineData(1f, false)]
    public void UnsignedByteCodeRoundsToItsNeighbours(float scale, bool isFinite) => CheckNeighbours(
        8, 1 << 8, 0xFF, code => UnsignedByteCode.Decode(code, new Lane1(scale)),
        (value, chance) => UnsignedByteCode.Encode(value, new Lane1(1 / scale), new Lane1(UnsignedByteCode.FlushAtLeast), isFinite, chance), least: 1);

    [Fact]
    public void SpecialValuesAreKept()
    {
        foreach (int nan in new[] { 0x7FC00000, 0x7FFFFFFF, 0x7F800001, -1, unchecked((int)0xFFC00000) })
        {
            foreach (Lane1 chance in new[] { None, Most })
            {
                var value = Lane1.SplatBits((uint)nan);
                Value(BFloat16Code.Decode(Upper(16, BFloat16Code.Encode(value, chance)))).Should().Be(float.NaN);
                Value(HalfCode.Decode(Upper(16, HalfCode.Encode(value, chance)))).Should().Be(float.NaN);
                Value(RootHalfCode.Decode(Upper(16, RootHalfCode.Encode(value, chance)))).Should().Be(float.NaN);
                Value(SignedByteCode.Decode(Upper(8, SignedByteCode.Encode(value, new Lane1(1), new Lane1(0), isFinite: false, chance)), new Lane1(1))).Should().Be(float.NaN);
                Value(UnsignedByteCode.Decode(Upper(8, UnsignedByteCode.Encode(value, new Lane1(1), new Lane1(0), isFinite: false, chance)), new Lane1(1))).Should().Be(float.NaN);
            }
        }

        foreach (float infinity in new[] { float.PositiveInfinity, float.NegativeInfinity })
        {
            var value = new Lane1(infinity);
            Value(BFloat16Code.Decode(Upper(16, BFloat16Code.Encode(value, Most)))).Should().Be(infinity);
            Value(HalfCode.Decode(Upper(16, HalfCode.Encode(value, Most)))).Should().Be(infinity);
            Value(RootHalfCode.Decode(Upper(16, RootHalfCode.Encode(value, Most)))).Should().Be(float.PositiveInfinity);
            Value(SignedByteCode.Decode(Upper(8, SignedByteCode.Encode(value, new Lane1(1), new Lane1(0), isFinite: false, Most)), new Lane1(1))).Should().Be(float.NaN);
            Value(UnsignedByteCode.Decode(Upper(8, UnsignedByteCode.Encode(value, new Lane1(1), new Lane1(0), isFinite: false, Most)), new Lane1(1))).Should().Be(float.NaN);
        }

        Value(HalfCode.Decode(Upper(16, HalfCode.Encode(new Lane1(-1e30f), Most)))).Should().Be(-65_504);
    }

    [Fact]
    public void ByteCodesAreZeroBelowTheThreshold()
    {
        var threshold = new Lane1(1.2e-37f);
        foreach (float sign in new[] { 1f, -1f })
        {
            foreach (Lane1 chance in new[] { None, Most })
            {
                Code(8, SignedByteCode.Encode(new Lane1(sign * 1.19e-37f), new Lane1(1e37f), threshold, isFinite: true, chance)).Should().Be(0);
                Code(8, UnsignedByteCode.Encode(new Lane1(sign * 1.19e-37f), new Lane1(1e37f), threshold, isFinite: true, chance)).Should().Be(0);
                Code(8, SignedByteCode.Encode(new Lane1(sign * 1.2e-37f), new Lane1(1e37f), threshold, isFinite: true, chance)).Should().NotBe(0);
                Code(8, UnsignedByteCode.Encode(new Lane1(sign * 1.2e-37f), new Lane1(1e37f), threshold, isFinite: true, chance)).Should().NotBe(0);
            }
        }
    }

    // Tests all finite positive codes in order. The value of a code is rounded to that code with every random number. A value a
    // quarter of the way to the next code is rounded up with a quarter of the random numbers.
    private static void CheckNeighbours(
        int width, int codes, int firstSpecial, Func<Lane1, Lane1> decode, Func<Lane1, Lane1, Lane1> encode, int least)
    {
        for (int code = 0; code < Math.Min(codes, firstSpecial); code++)
        {
            float value = Value(decode(Read(width, code)));
            CheckRounding(width, decode, encode, value, code, code);
            if (code + 1 < firstSpecial)
            {
                float next = Value(decode(Read(width, code + 1)));
                next.Should().BeGreaterThan(value);
                CheckRounding(width, decode, encode, value + ((next - value) / 4), Math.Max(code, least), code + 1);
            }
        }
    }

    private static void CheckRounding(
        int width, Func<Lane1, Lane1> decode, Func<Lane1, Lane1, Lane1> encode, float value, int lower, int upper)
    {
        Code(width, encode(new Lane1(value), None)).Should().Be(lower, $"this is the lower code of {value:R}");
        Code(width, encode(new Lane1(value), Most)).Should().Be(upper, $"this is the upper code of {value:R}");
        Value(decode(Read(width, upper))).Should().BeGreaterThanOrEqualTo(value);
    }

    // Read converts a code to the lane that memory would give, and Code converts a written lane back.
    private static Lane1 Read(int width, int code) => Lane1.SplatBits((uint)code << (32 - width));

    private static int Code(int width, Lane1 lane) => (int)(BitConverter.SingleToUInt32Bits(Value(lane)) >> (32 - width));

    private static Lane1 Upper(int width, Lane1 lane) => Read(width, Code(width, lane));

    private static unsafe float Value(Lane1 lane)
    {
        float value;
        Lane1.Store(lane, &value);
        return value;
    }
}
