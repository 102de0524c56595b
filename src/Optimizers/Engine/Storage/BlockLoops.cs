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
    /// <param name="values">The values.</param>
    /// <param name="largest">
    /// The bits of the largest magnitude in each block from <paramref name="start"/> on, as in <see cref="BlockScratch.Largest"/>; null
    /// if they are not known.
    /// </param>
    /// <param name="codes">The codes.</param>
    /// <param name="scales">The scales.</param>
    /// <param name="flushBelow">The magnitude below which a value is stored as 0.</param>
    /// <param name="dither">The random bits.</param>
    /// <param name="start">The first element.</param>
    /// <param name="end">The end of the range, exclusive.</param>
    /// <param name="widestLane">The width of the lanes.</param>
    public static void Write<TCode>(
        float* values, uint* largest, byte* codes, float* scales, float flushBelow, RoundingDither dither, nuint start, nuint end, int widestLane)
        where TCode : struct, IBlockCode =>
        LaneLoop.Run(new Writing<TCode>(values, largest, codes, scales, Math.Max(flushBelow, TCode.FlushAtLeast), dither), start, end, widestLane);

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

    private readonly struct Writing<TCode>(float* values, uint* largest, byte* codes, float* scales, float flushBelow, RoundingDither dither) : ILaneLoop
        where TCode : struct, IBlockCode
    {
        private readonly float* _values = values;
        private readonly uint* _largest = largest;
        private readonly byte* _codes = codes;
        private readonly float* _scales = scales;
        private readonly float _flushBelow = flushBelow;
        private readonly RoundingDither _dither = dither;

        [MethodImpl(MethodImplOptions.NoInlining)]
        public void Run<V>(nuint i, nuint end)
            where V : struct, ILane<V>
        {
            while ((i = WriteFinite<V>(i, end)) < end)
            {
                WriteBlock<V>(i);
                i += Blocks.Length;
            }
        }

        // Ends at a block with an element that is not finite. The method calls no other one, so all vectors stay in registers.
        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        private nuint WriteFinite<V>(nuint i, nuint end)
            where V : struct, ILane<V>
        {
            float* values = _values;
            byte* codes = _codes;
            uint* known = _largest;
            V flushBelow = V.Splat(_flushBelow);
            V first = _dither.First<V>();
            V next = RoundingDither.Shift<V>(V.Count, _dither.Slope);
            while (i < end)
            {
                int largest = known != null
                    ? V.LargestBits(V.Load((float*)known + (i / Blocks.Length * (nuint)Lane16.Count)))
                    : BlockScale.LargestMagnitude<V>(values + i);
                if (!BlockScale.IsFinite(largest))
                {
                    break;
                }

                float scale = BlockScale.Of<TCode>(largest);
                V inverseScale = V.Splat(BlockScale.Inverse(scale));
                _scales[i / Blocks.Length] = scale;

                // One addition gives the random bits of the next lane.
                V dither = V.AddBits(first, RoundingDither.Shift<V>((long)i, _dither.Slope));
                nuint stop = i + Blocks.Length;
                do
                {
                    V.StoreUpperBits(TCode.Encode(V.Load(values + i), inverseScale, flushBelow, isFinite: true, dither), codes + i);
                    dither = V.AddBits(dither, next);
                    i += (nuint)V.Count;
                }
                while (i != stop);
            }

            return i;
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private void WriteBlock<V>(nuint start)
            where V : struct, ILane<V>
        {
            float scale = BlockScale.Of<TCode>(BlockScale.LargestFiniteMagnitude(_values + start));
            V inverseScale = V.Splat(BlockScale.Inverse(scale));
            _scales[start / Blocks.Length] = scale;
            for (nuint i = start; i < start + Blocks.Length; i += (nuint)V.Count)
            {
                V dither = V.AddBits(_dither.First<V>(), RoundingDither.Shift<V>((long)i, _dither.Slope));
                V.StoreUpperBits(
                    TCode.Encode(V.Load(_values + i), inverseScale, V.Splat(_flushBelow), isFinite: false, dither), _codes + i);
            }
        }
    }
}
