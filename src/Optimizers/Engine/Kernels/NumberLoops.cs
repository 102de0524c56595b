namespace Optimizers.Engine;

/// <summary>
/// The loops that convert values, gradients or state between 16-bit numbers and floats. They touch no element outside their range, because the
/// memory may be the user's. Floats and codes start with element 0.
/// </summary>
internal static unsafe class NumberLoops
{
    public static void Decode<TCode>(ushort* codes, float* values, nuint start, nuint end, int widestLane)
        where TCode : struct, IStateCode =>
        Run(new Decoding<TCode>(codes, values), start, end, widestLane);

    /// <summary>Rounds to the nearest number, ties to even.</summary>
    public static void Round<TCode>(float* values, ushort* codes, nuint start, nuint end, int widestLane)
        where TCode : struct, INumberCode =>
        Run(new Rounding<TCode>(values, codes), start, end, widestLane);

    /// <summary>Rounds up or down at random.</summary>
    public static void RoundAtRandom<TCode>(
        float* values, ushort* codes, RoundingDither dither, nuint start, nuint end, int widestLane)
        where TCode : struct, IStateCode =>
        Run(new RandomRounding<TCode>(values, codes, dither), start, end, widestLane);

    /// <summary>Adds the rounding errors to the values.</summary>
    public static void AddErrors<TCode>(ushort* errors, float* values, nuint start, nuint end, int widestLane)
        where TCode : struct, INumberCode =>
        Run(new ErrorAddition<TCode>(errors, values), start, end, widestLane);

    /// <summary>Rounds to the nearest number, and stores the rounding errors.</summary>
    public static void RoundWithErrors<TCode>(
        float* values, ushort* codes, ushort* errors, nuint start, nuint end, int widestLane)
        where TCode : struct, INumberCode =>
        Run(new ErrorRounding<TCode>(values, codes, errors), start, end, widestLane);

    private static void Run<TLoop>(in TLoop loop, nuint start, nuint end, int widestLane)
        where TLoop : struct, ILaneLoop
    {
        nuint whole = end - ((end - start) % (nuint)Lane16.Count);
        LaneLoop.Run(loop, start, whole, widestLane);
        if (whole != end)
        {
            loop.Run<Lane1>(whole, end);
        }
    }

    private readonly struct Decoding<TCode>(ushort* codes, float* values) : ILaneLoop
        where TCode : struct, IStateCode
    {
        private readonly ushort* _codes = codes;
        private readonly float* _values = values;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public void Run<V>(nuint i, nuint end)
            where V : struct, ILane<V>
        {
            ushort* codes = _codes;
            float* values = _values;
            for (; i < end; i += (nuint)V.Count)
            {
                V.Store(TCode.Decode(V.LoadUpperBits(codes + i)), values + i);
            }
        }
    }

    private readonly struct Rounding<TCode>(float* values, ushort* codes) : ILaneLoop
        where TCode : struct, INumberCode
    {
        private readonly float* _values = values;
        private readonly ushort* _codes = codes;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public void Run<V>(nuint i, nuint end)
            where V : struct, ILane<V>
        {
            float* values = _values;
            ushort* codes = _codes;
            for (; i < end; i += (nuint)V.Count)
            {
                V.StoreUpperBits(TCode.Nearest(V.Load(values + i)), codes + i);
            }
        }
    }

    private readonly struct RandomRounding<TCode>(float* values, ushort* codes, RoundingDither dither) : ILaneLoop
        where TCode : struct, IStateCode
    {
        private readonly float* _values = values;
        private readonly ushort* _codes = codes;
        private readonly RoundingDither _dither = dither;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public void Run<V>(nuint i, nuint end)
            where V : struct, ILane<V>
        {
            float* values = _values;
            ushort* codes = _codes;
            uint slope = _dither.Slope;
            V first = _dither.First<V>();
            for (; i < end; i += (nuint)V.Count)
            {
                V.StoreUpperBits(TCode.Encode(V.Load(values + i), V.AddBits(RoundingDither.Shift<V>((long)i, slope), first)), codes + i);
            }
        }
    }

    private readonly struct ErrorAddition<TCode>(ushort* errors, float* values) : ILaneLoop
        where TCode : struct, INumberCode
    {
        private readonly ushort* _errors = errors;
        private readonly float* _values = values;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public void Run<V>(nuint i, nuint end)
            where V : struct, ILane<V>
        {
            ushort* errors = _errors;
            float* values = _values;
            for (; i < end; i += (nuint)V.Count)
            {
                V.Store(V.Load(values + i) + TCode.Decode(V.LoadUpperBits(errors + i)), values + i);
            }
        }
    }

    private readonly struct ErrorRounding<TCode>(float* values, ushort* codes, ushort* errors) : ILaneLoop
        where TCode : struct, INumberCode
    {
        private readonly float* _values = values;
        private readonly ushort* _codes = codes;
        private readonly ushort* _errors = errors;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public void Run<V>(nuint i, nuint end)
            where V : struct, ILane<V>
        {
            float* values = _values;
            ushort* codes = _codes;
            ushort* errors = _errors;
            V upper = V.SplatBits(0xFFFF0000);
            for (; i < end; i += (nuint)V.Count)
            {
                // The error is rounded too, and the sum may then lie half-way between two numbers. So the sum is rounded again: storing a sum
                // that was read changes no bit.
                V value = V.Load(values + i);
                V near = TCode.Decode(V.AndBits(TCode.Nearest(value), upper));
                V sum = near + TCode.Decode(V.AndBits(TCode.Nearest(value - near), upper));
                V code = TCode.Nearest(V.IfEqual(sum, sum, sum, near));
                V error = sum - TCode.Decode(V.AndBits(code, upper));

                // The error of an infinite value or a NaN is a NaN. It would turn an infinite value into a NaN in the next step.
                V.StoreUpperBits(TCode.Nearest(V.IfEqual(error, error, error, V.Splat(0))), errors + i);
                V.StoreUpperBits(code, codes + i);
            }
        }
    }
}
