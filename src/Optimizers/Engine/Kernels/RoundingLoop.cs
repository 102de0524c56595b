namespace Optimizers.Engine;

/// <summary>Rounds values to the nearest bfloat16, ties to even.</summary>
internal static unsafe class RoundingLoop
{
    /// <summary>Rounds the elements from <paramref name="start"/> to <paramref name="end"/>.</summary>
    public static void Run(float* values, BFloat16* rounded, nuint start, nuint end, int widestLane)
    {
        nuint whole = end - ((end - start) % (nuint)Lane16.Count);
        LaneLoop.Run(new Loop(values, (ushort*)rounded), start, whole, widestLane);
        for (nuint i = whole; i < end; i++)
        {
            rounded[i] = BFloat16.Round(values[i]);
        }
    }

    private readonly struct Loop(float* values, ushort* rounded) : ILaneLoop
    {
        private readonly float* _values = values;
        private readonly ushort* _rounded = rounded;

        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public void Run<V>(nuint i, nuint end)
            where V : struct, ILane<V>
        {
            float* values = _values;
            ushort* rounded = _rounded;
            for (; i < end; i += (nuint)V.Count)
            {
                V.StoreUpperBits(BFloat16Code.Nearest(V.Load(values + i)), rounded + i);
            }
        }
    }
}
