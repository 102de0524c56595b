namespace Optimizers.Engine;

/// <summary>Powers of a lane, one element at a time.</summary>
internal static unsafe class LanePower
{
    public static V Of<V>(V value, V exponent)
        where V : struct, ILane<V>
    {
        float* values = stackalloc float[V.Count];
        float* exponents = stackalloc float[V.Count];
        V.Store(value, values);
        V.Store(exponent, exponents);
        for (int i = 0; i < V.Count; i++)
        {
            values[i] = (float)Math.Pow(values[i], exponents[i]);
        }

        return V.Load(values);
    }

    /// <summary>
    /// The growth of the power while the value grows by <paramref name="growth"/>. The difference of two float powers would be nothing
    /// but rounding.
    /// </summary>
    public static V Growth<V>(V value, V growth, double exponent)
        where V : struct, ILane<V>
    {
        float* values = stackalloc float[V.Count];
        float* growths = stackalloc float[V.Count];
        V.Store(value, values);
        V.Store(growth, growths);
        for (int i = 0; i < V.Count; i++)
        {
            values[i] = (float)(Math.Pow((double)values[i] + growths[i], exponent) - Math.Pow(values[i], exponent));
        }

        return V.Load(values);
    }
}
