namespace Optimizers.Engine;

/// <summary>
/// The loops that convert between 16-bit codes and values. They run to the end of a lane; memory and scratch have room for it.
/// </summary>
internal static unsafe class CodeLoops
{
    private const nuint Widest = 16;

    /// <summary>The number of elements that need memory.</summary>
    public static nuint RoomFor(int length) => WholeLanes((nuint)length);

    /// <summary>Decodes values. Codes and values start with element 0.</summary>
    public static void Read<TCode>(ushort* codes, float* values, nuint start, nuint end, int widestLane)
        where TCode : struct, IStateCode =>
        LaneLoop.Run(new Reading<TCode>(codes, values), start, WholeLanes(end), widestLane);

    /// <summary>Encodes values.</summary>
    public static void Write<TCode>(float* values, ushort* codes, RoundingDither dither, nuint start, nuint end, int widestLane)
        where TCode : struct, IStateCode =>
        LaneLoop.Run(new Writing<TCode>(values, codes, dither), start, WholeLanes(end), widestLane);

    private static nuint WholeLanes(nuint length) => (length + (Widest - 1)) / Widest * Widest;

    private readonly struct Reading<TCode>(ushort* codes, float* values) : ILaneLoop
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

    private readonly struct Writing<TCode>(float* values, ushort* codes, RoundingDither dither) : ILaneLoop
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
}
