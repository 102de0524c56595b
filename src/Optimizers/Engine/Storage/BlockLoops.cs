namespace Optimizers.Engine;

/// <summary>
/// The loops that convert between blocks of 8-bit codes and values. They process whole blocks; memory and scratch have room for them.
/// </summary>
internal static unsafe class BlockLoops
{
    /// <summary>Decodes values. Codes, scales and values start with element 0.</summary>
    public static void Read<TCode>(
        byte* codes, float* scales, float* values, nuint start, nuint end, int widestLane)
        where TCode : struct, IBlockCode =>
        LaneLoop.Run(new Reading<TCode>(codes, scales, values), start, end, widestLane);

    /// <summary>Chooses the scale of each block, and encodes the values.</summary>
    public static void Write<TCode>(
        float* values, byte* codes, float* scales, RoundingDither dither, nuint start, nuint end, int widestLane)
        where TCode : struct, IBlockCode =>
        LaneLoop.Run(new Writing<TCode>(values, codes, scales, dither), start, end, widestLane);

    private readonly struct Reading<TCode>(byte* codes, float* scales, float* values) : ILaneLoop
        where TCode : struct, IBlockCode
    {
        private readonly byte* _codes = codes;
        private readonly float* _scales = scales;
        private readonly float* _values = values;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public void Run<V>(nuint i, nuint end)
            where V : struct, ILane<V>
        {
            byte* codes = _codes;
            float* values = _values;
            float* scale = _scales + (i / Blocks.Length);
            while (i < end)
            {
                V scales = V.Splat(*scale++);
                nuint stop = i + Blocks.Length;
                do
                {
                    V.Store(TCode.Decode(V.LoadUpperBits(codes + i), scales), values + i);
                    i += (nuint)V.Count;
                }
                while (i != stop);
            }
        }
    }

    private readonly struct Writing<TCode>(float* values, byte* codes, float* scales, RoundingDither dither) : ILaneLoop
        where TCode : struct, IBlockCode
    {
        private readonly float* _values = values;
        private readonly byte* _codes = codes;
        private readonly float* _scales = scales;
        private readonly RoundingDither _dither = dither;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public void Run<V>(nuint i, nuint end)
            where V : struct, ILane<V>
        {
            float* values = _values;
            byte* codes = _codes;
            uint slope = _dither.Slope;
            V first = _dither.First<V>();
            float* scale = _scales + (i / Blocks.Length);
            while (i < end)
            {
                float chosen = BlockScale.Of<V, TCode>(values + i);
                V inverseScale = V.Splat(BlockScale.Inverse(chosen));
                *scale++ = chosen;
                nuint stop = i + Blocks.Length;
                do
                {
                    V dither = V.AddBits(RoundingDither.Shift<V>((long)i, slope), first);
                    V.StoreUpperBits(TCode.Encode(V.Load(values + i), inverseScale, dither), codes + i);
                    i += (nuint)V.Count;
                }
                while (i != stop);
            }
        }
    }
}
