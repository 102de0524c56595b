using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Optimizers.Engine;

/// <summary>
/// Sums with the same bits at every vector width and thread count. The elements of each tensor are divided into blocks of 4,096 from
/// its start. A block is summed in 16 lanes of double, which are added in a fixed order. A float and its square are
/// exact in double, so fused operations do not change the sums, and squares cannot overflow.
/// </summary>
internal static class Reductions
{
    /// <summary>The number of elements of one partial sum.</summary>
    public const int Block = 4096;

    public static int BlocksIn(nuint length) => checked((int)((length + (Block - 1)) / Block));

    /// <summary>The sum of squares of at most one block.</summary>
    public static unsafe double SumOfSquares(float* values, nuint count)
    {
        var lanes = default(SumLanes);
        lanes.AddSquares(values, count);
        return lanes.Sum();
    }

    /// <summary>The sum of sixteen running sums, in the one order that all code uses.</summary>
    public static double SumOfLanes(Vector512<double> low, Vector512<double> high)
    {
        Vector512<double> eight = low + high;
        Vector256<double> four = eight.GetLower() + eight.GetUpper();
        Vector128<double> two = four.GetLower() + four.GetUpper();
        return two[0] + two[1];
    }

    /// <summary>Adds the square of each value to its own sum.</summary>
    public static unsafe void AddSquaresTo(double* sums, float* values, int count)
    {
        int i = 0;
        for (; i <= count - Vector512<float>.Count; i += Vector512<float>.Count)
        {
            Vector512<float> sixteen = Vector512.Load(values + i);
            Vector512<double> low = Vector512.WidenLower(sixteen);
            Vector512<double> high = Vector512.WidenUpper(sixteen);
            (Vector512.Load(sums + i) + low * low).Store(sums + i);
            (Vector512.Load(sums + i + 8) + high * high).Store(sums + i + 8);
        }

        for (; i < count; i++)
        {
            sums[i] += (double)values[i] * values[i];
        }
    }

    /// <summary>Adds each value to its own sum.</summary>
    public static unsafe void AddTo(double* sums, float* values, int count)
    {
        int i = 0;
        for (; i <= count - Vector512<float>.Count; i += Vector512<float>.Count)
        {
            Vector512<float> sixteen = Vector512.Load(values + i);
            (Vector512.Load(sums + i) + Vector512.WidenLower(sixteen)).Store(sums + i);
            (Vector512.Load(sums + i + 8) + Vector512.WidenUpper(sixteen)).Store(sums + i + 8);
        }

        for (; i < count; i++)
        {
            sums[i] += values[i];
        }
    }

    /// <summary>The largest magnitude; NaN if a value is NaN.</summary>
    /// <remarks>It is compiled with full optimisation at once, because the first step of a model reads all of its values.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static unsafe double MaximumMagnitude(float* values, nuint count)
    {
        Vector512<float> largest = Vector512<float>.Zero;
        nuint i = 0;
        for (; i + 16 <= count; i += 16)
        {
            largest = Vector512.Max(largest, Vector512.Abs(Vector512.Load(values + i)));
        }

        float result = 0;
        for (int lane = 0; lane < 16; lane++)
        {
            result = MathF.Max(result, largest[lane]);
        }

        for (; i < count; i++)
        {
            result = MathF.Max(result, MathF.Abs(values[i]));
        }

        return result;
    }
}

/// <summary>Sixteen running sums: element i of a block is added to lane i mod 16.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct SumLanes
{
    private const nuint Lanes = 16;

    private Vector512<double> _low;
    private Vector512<double> _high;

    private interface ITerm
    {
        static abstract Vector512<double> Of(Vector512<double> values);
    }

    /// <summary>Adds the squares. The count must be a multiple of 16, except in the last call for a block.</summary>
    public unsafe void AddSquares(float* values, nuint count) => Add<SquareTerm>(values, count);

    /// <summary>Adds the values. The count must be a multiple of 16, except in the last call for a block.</summary>
    public unsafe void Add(float* values, nuint count) => Add<ValueTerm>(values, count);

    public readonly double Sum() => Reductions.SumOfLanes(_low, _high);

    private unsafe void Add<TTerm>(float* values, nuint count)
        where TTerm : struct, ITerm
    {
        nuint rest = count % Lanes;
        if (count != rest)
        {
            AddWhole<TTerm>(values, count - rest);
        }

        if (rest != 0)
        {
            AddRest<TTerm>(values + (count - rest), rest);
        }
    }

    // A call or an exit in the loop would force the sums out of the registers.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void AddWhole<TTerm>(float* values, nuint count)
        where TTerm : struct, ITerm
    {
        Vector512<double> low = _low;
        Vector512<double> high = _high;
        nuint i = 0;
        do
        {
            Vector512<float> sixteen = Vector512.Load(values + i);
            low += TTerm.Of(Vector512.WidenLower(sixteen));
            high += TTerm.Of(Vector512.WidenUpper(sixteen));
            i += Lanes;
        }
        while (i != count);

        _low = low;
        _high = high;
    }

    // The lanes without an element are filled with zeros, because adding 0 changes no sum.
    private unsafe void AddRest<TTerm>(float* values, nuint count)
        where TTerm : struct, ITerm
    {
        float* padded = stackalloc float[(int)Lanes];
        new Span<float>(padded, (int)Lanes).Clear();
        new ReadOnlySpan<float>(values, (int)count).CopyTo(new Span<float>(padded, (int)Lanes));
        AddWhole<TTerm>(padded, Lanes);
    }

    private readonly struct SquareTerm : ITerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<double> Of(Vector512<double> values) => values * values;
    }

    private readonly struct ValueTerm : ITerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<double> Of(Vector512<double> values) => values;
    }
}
