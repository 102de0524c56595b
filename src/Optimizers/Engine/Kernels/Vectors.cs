using System.Runtime.Intrinsics;

namespace Optimizers.Engine;

/// <summary>
/// Arithmetic on whole vectors of float or double. It computes in double, eight elements at once. The order of every sum is that of
/// <see cref="Reductions"/>, so sums have the same bits at every vector width.
/// </summary>
internal static unsafe class Vectors
{
    private const int Lanes = 8;

    /// <summary>The sum of the products.</summary>
    public static double Dot<TLeft, TRight>(ReadOnlySpan<TLeft> left, ReadOnlySpan<TRight> right)
        where TLeft : unmanaged
        where TRight : unmanaged
    {
        double sum = 0;
        fixed (TLeft* leftAddress = left)
        fixed (TRight* rightAddress = right)
        {
            for (int start = 0; start < left.Length; start += Reductions.Block)
            {
                int count = Math.Min(left.Length - start, Reductions.Block);
                sum += DotOfBlock(leftAddress + start, rightAddress + start, count);
            }
        }

        return sum;
    }

    /// <summary>The sum of the magnitudes.</summary>
    public static double SumOfMagnitudes<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        double sum = 0;
        fixed (T* address = values)
        {
            for (int start = 0; start < values.Length; start += Reductions.Block)
            {
                int count = Math.Min(values.Length - start, Reductions.Block);
                sum += MagnitudesOfBlock(address + start, count);
            }
        }

        return sum;
    }

    /// <summary>The largest magnitude: 0 without elements, NaN if an element is NaN.</summary>
    public static double MaximumMagnitude<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        Vector512<double> largest = Vector512<double>.Zero;
        fixed (T* address = values)
        {
            int i = 0;
            for (; i + Lanes <= values.Length; i += Lanes)
            {
                largest = Vector512.Max(largest, Vector512.Abs(Load(address + i)));
            }

            if (i < values.Length)
            {
                largest = Vector512.Max(largest, Vector512.Abs(LoadRest(address + i, values.Length - i)));
            }
        }

        double result = 0;
        for (int lane = 0; lane < Lanes; lane++)
        {
            result = Math.Max(result, largest[lane]);
        }

        return result;
    }

    /// <summary>to ← α·a + β·b, rounded to the type of <paramref name="to"/>, which may be the same memory as one of the two.</summary>
    public static void Combine<TA, TB, TTo>(
        double alpha, ReadOnlySpan<TA> a, double beta, ReadOnlySpan<TB> b, Span<TTo> to)
        where TA : unmanaged
        where TB : unmanaged
        where TTo : unmanaged
    {
        var alphas = Vector512.Create(alpha);
        var betas = Vector512.Create(beta);
        fixed (TA* aAddress = a)
        fixed (TB* bAddress = b)
        fixed (TTo* toAddress = to)
        {
            int i = 0;
            for (; i + Lanes <= to.Length; i += Lanes)
            {
                Store(alphas * Load(aAddress + i) + betas * Load(bAddress + i), toAddress + i);
            }

            if (i < to.Length)
            {
                int rest = to.Length - i;
                TTo* padded = stackalloc TTo[Lanes];
                Store(alphas * LoadRest(aAddress + i, rest) + betas * LoadRest(bAddress + i, rest), padded);
                new ReadOnlySpan<TTo>(padded, rest).CopyTo(to[i..]);
            }
        }
    }

    /// <summary>to ← α·a</summary>
    public static void Scale<TA, TTo>(double alpha, ReadOnlySpan<TA> a, Span<TTo> to)
        where TA : unmanaged
        where TTo : unmanaged =>
        Combine(alpha, a, 0, a, to);

    private static double DotOfBlock<TLeft, TRight>(TLeft* left, TRight* right, int count)
        where TLeft : unmanaged
        where TRight : unmanaged
    {
        Vector512<double> low = Vector512<double>.Zero;
        Vector512<double> high = Vector512<double>.Zero;
        int i = 0;
        for (; i + (2 * Lanes) <= count; i += 2 * Lanes)
        {
            low += Load(left + i) * Load(right + i);
            high += Load(left + i + Lanes) * Load(right + i + Lanes);
        }

        if (i + Lanes <= count)
        {
            low += Load(left + i) * Load(right + i);
            i += Lanes;
            if (i < count)
            {
                high += LoadRest(left + i, count - i) * LoadRest(right + i, count - i);
            }
        }
        else if (i < count)
        {
            low += LoadRest(left + i, count - i) * LoadRest(right + i, count - i);
        }

        return Reductions.SumOfLanes(low, high);
    }

    private static double MagnitudesOfBlock<T>(T* values, int count)
        where T : unmanaged
    {
        Vector512<double> sum = Vector512<double>.Zero;
        int i = 0;
        for (; i + Lanes <= count; i += Lanes)
        {
            sum += Vector512.Abs(Load(values + i));
        }

        if (i < count)
        {
            sum += Vector512.Abs(LoadRest(values + i, count - i));
        }

        return Reductions.SumOfLanes(sum, Vector512<double>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Load<T>(T* values)
        where T : unmanaged
    {
        if (typeof(T) == typeof(double))
        {
            return Vector512.Load((double*)values);
        }

        Vector256<float> floats = Vector256.Load((float*)values);
        return Vector512.Create(Vector256.WidenLower(floats), Vector256.WidenUpper(floats));
    }

    // Places without an element are zero.
    private static Vector512<double> LoadRest<T>(T* values, int count)
        where T : unmanaged
    {
        T* padded = stackalloc T[Lanes];
        new Span<T>(padded, Lanes).Clear();
        new ReadOnlySpan<T>(values, count).CopyTo(new Span<T>(padded, Lanes));
        return Load(padded);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<T>(Vector512<double> value, T* to)
        where T : unmanaged
    {
        if (typeof(T) == typeof(double))
        {
            Vector512.Store(value, (double*)to);
        }
        else
        {
            Vector256.Store(Vector256.Narrow(value.GetLower(), value.GetUpper()), (float*)to);
        }
    }
}
