namespace Optimizers.Tests;

/// <summary>Every operation of every lane gives the result of <see cref="MathF"/>, for all pairs of special numbers.</summary>
public sealed unsafe class LaneTests
{
    private static readonly float[] _values =
    [
        0, -0f, 1, -1, 2, -2, 0.5f, -0.5f, 3, -3, 1 / 3f, 1e-20f, -1e-20f, 1e20f, -1e20f, 16_777_217, float.Epsilon,
        -float.Epsilon, 1e-40f, -1e-39f, 1.17549435e-38f, float.MaxValue, float.MinValue, float.PositiveInfinity,
        float.NegativeInfinity, float.NaN, -float.NaN, 0.1f, -0.7f, 1.0000001f, 0.99999994f, MathF.PI,
    ];

    [Fact]
    public void LaneOfOneElement() => Check<Lane1>(1);

    [Fact]
    public void LaneOfFourElements() => Check<Lane4>(4);

    [Fact]
    public void LaneOfEightElements() => Check<Lane8>(8);

    [Fact]
    public void LaneOfSixteenElements() => Check<Lane16>(16);

    private static void Check<V>(int count)
        where V : struct, ILane<V>
    {
        V.Count.Should().Be(count);
        CheckBits<V>();
        float[] left = [.. _values.SelectMany(_ => _values)];
        float[] right = [.. _values.SelectMany(value => Enumerable.Repeat(value, _values.Length))];
        foreach ((string name, Func<V, V, V> lanes, Func<float, float, float> one) in Operations<V>())
        {
            float[] actual = Run(left, right, lanes);
            for (int i = 0; i < actual.Length; i++)
            {
                float expected = one(left[i], right[i]);
                bool same = BitConverter.SingleToInt32Bits(actual[i]) == BitConverter.SingleToInt32Bits(expected);
                if (!same && !(float.IsNaN(actual[i]) && float.IsNaN(expected)))
                {
                    Assert.Fail($"{name} of {left[i]:R} and {right[i]:R} is {actual[i]:R}, not {expected:R}.");
                }
            }
        }
    }

    private static (string Name, Func<V, V, V> Lanes, Func<float, float, float> One)[] Operations<V>()
        where V : struct, ILane<V> =>
    [
        ("Splat", (_, _) => V.Splat(-1.5f), (_, _) => -1.5f),
        ("+", (a, b) => a + b, (a, b) => a + b),
        ("-", (a, b) => a - b, (a, b) => a - b),
        ("*", (a, b) => a * b, (a, b) => a * b),
        ("/", (a, b) => a / b, (a, b) => a / b),
        ("number *", (a, _) => -1.1f * a, (a, _) => -1.1f * a),
        ("* number", (a, _) => a * 0.3f, (a, _) => a * 0.3f),
        ("+ number", (a, _) => a + 0.7f, (a, _) => a + 0.7f),
        ("minus", (a, _) => -a, (a, _) => -a),
        ("Sqrt", (a, _) => V.Sqrt(a), (a, _) => MathF.Sqrt(a)),
        ("Abs", (a, _) => V.Abs(a), (a, _) => MathF.Abs(a)),
        ("Min", V.Min, MathF.Min),
        ("Max", V.Max, MathF.Max),
        ("CopySign", V.CopySign, MathF.CopySign),
        ("Pow", V.Pow, (a, b) => (float)Math.Pow(a, b)),
        ("IfLess", (a, b) => V.IfLess(a, b, V.Splat(7), a), (a, b) => a < b ? 7 : a),
        ("IfEqual", (a, b) => V.IfEqual(a, b, V.Splat(7), a), (a, b) => a == b ? 7 : a),
        ("Sign", (a, _) => V.Sign(a), (a, _) => a > 0 ? 1 : a < 0 ? -1 : 0),
        ("DivideOrZero", V.DivideOrZero, (a, b) => b == 0 ? 0 : a / b),
        ("SplatBits", (_, _) => V.SplatBits(0x1234_5678), OfBits((_, _) => 0x1234_5678)),
        ("AddBits", V.AddBits, OfBits((a, b) => a + b)),
        ("MultiplyBits", V.MultiplyBits, OfBits((a, b) => a * b)),
        ("MinBits", V.MinBits, OfBits((a, b) => (uint)Math.Min((int)a, (int)b))),
        ("MaxBits", V.MaxBits, OfBits((a, b) => (uint)Math.Max((int)a, (int)b))),
        ("AndBits", V.AndBits, OfBits((a, b) => a & b)),
        ("OrBits", V.OrBits, OfBits((a, b) => a | b)),
        ("ShiftLeftBits", (a, _) => V.ShiftLeftBits(a, 13), OfBits((a, _) => a << 13)),
        ("ShiftRightBits", (a, _) => V.ShiftRightBits(a, 20), OfBits((a, _) => a >> 20)),
    ];

    private static Func<float, float, float> OfBits(Func<uint, uint, uint> operation) => (a, b) =>
        BitConverter.UInt32BitsToSingle(operation(BitConverter.SingleToUInt32Bits(a), BitConverter.SingleToUInt32Bits(b)));

    private static void CheckBits<V>()
        where V : struct, ILane<V>
    {
        var values = new int[V.Count];
        fixed (int* address = values)
        {
            V.Store(V.CountingBits, (float*)address);
            values.Should().Equal(Enumerable.Range(0, V.Count));
            for (int largest = 0; largest < V.Count; largest++)
            {
                Array.Fill(values, -5);
                values[largest] = -3;
                V.LargestBits(V.Load((float*)address)).Should().Be(-3);
            }

            var scaled = new float[V.Count];
            fixed (float* from = Enumerable.Range(0, V.Count).Select(i => i + 0.1f).ToArray(), to = scaled)
            {
                V.Store(V.Load(from, 0.3f), to);
            }

            scaled.Should().Equal(Enumerable.Range(0, V.Count).Select(i => (i + 0.1f) * 0.3f));

            byte[] bytes = [.. Enumerable.Range(0, V.Count).Select(i => (byte)(255 - (91 * i)))];
            ushort[] words = [.. bytes.Select(b => (ushort)(b * 257))];
            var bytesBack = new byte[V.Count + 1];
            var wordsBack = new ushort[V.Count + 1];
            fixed (byte* from = bytes, to = bytesBack)
            {
                V.Store(V.LoadUpperBits(from), (float*)address);
                values.Should().Equal(bytes.Select(b => b << 24));
                V.StoreUpperBits(V.OrBits(V.LoadUpperBits(from), V.SplatBits(0x00_FF_FF_FF)), to);
            }

            fixed (ushort* from = words, to = wordsBack)
            {
                V.Store(V.LoadUpperBits(from), (float*)address);
                values.Should().Equal(words.Select(w => w << 16));
                V.StoreUpperBits(V.OrBits(V.LoadUpperBits(from), V.SplatBits(0xFF_FF)), to);
            }

            bytesBack.Should().Equal([.. bytes, 0]);
            wordsBack.Should().Equal([.. words, 0]);
        }
    }

    private static float[] Run<V>(float[] left, float[] right, Func<V, V, V> operation)
        where V : struct, ILane<V>
    {
        var result = new float[left.Length];
        fixed (float* leftAddress = left)
        fixed (float* rightAddress = right)
        fixed (float* resultAddress = result)
        {
            for (int i = 0; i < result.Length; i += V.Count)
            {
                V.Store(operation(V.Load(leftAddress + i), V.Load(rightAddress + i)), resultAddress + i);
            }
        }

        return result;
    }
}
