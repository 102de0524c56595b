namespace Optimizers.Engine;

/// <summary>
/// A norm that is computed in parts: each block gives a part, parts are combined in a fixed order, and the last step makes the norm.
/// </summary>
/// <param name="Kind">The kind of norm.</param>
/// <param name="Order">The order p; used for <see cref="NormKind.P"/> only.</param>
internal readonly record struct Norm(NormKind Kind, double Order = 2)
{
    public static Norm Euclidean => new(NormKind.Euclidean);

    /// <summary>The part of one block of at most <see cref="Reductions.Block"/> elements.</summary>
    public unsafe NormPart OfBlock(float* values, nuint count) => Kind switch
    {
        NormKind.Euclidean => new NormPart(0, Reductions.SumOfSquares(values, count)),
        NormKind.Infinity => new NormPart(Reductions.MaximumMagnitude(values, count), 0),
        _ => OfPowers(values, count),
    };

    /// <summary>The part of a whole tensor.</summary>
    public unsafe NormPart OfTensor(ReadOnlySpan<float> values)
    {
        NormPart part = default;
        fixed (float* address = values)
        {
            for (nuint start = 0; start < (nuint)values.Length; start += Reductions.Block)
            {
                nuint count = nuint.Min((nuint)values.Length - start, Reductions.Block);
                part = Combine(part, OfBlock(address + start, count));
            }
        }

        return part;
    }

    public NormPart Combine(NormPart left, NormPart right)
    {
        double largest = Math.Max(left.Largest, right.Largest);
        return Kind != NormKind.P || !IsScale(largest)
            ? new NormPart(largest, left.Sum + right.Sum)
            : new NormPart(largest, Rescaled(left, largest) + Rescaled(right, largest));
    }

    public double Finish(NormPart whole) => Kind switch
    {
        NormKind.Euclidean => Math.Sqrt(whole.Sum),
        NormKind.P when IsScale(whole.Largest) => whole.Largest * Math.Pow(whole.Sum, 1 / Order),
        _ => whole.Largest,
    };

    private static bool IsScale(double largest) => largest > 0 && double.IsFinite(largest);

    private double Rescaled(NormPart part, double largest) => part.Sum * Math.Pow(part.Largest / largest, Order);

    // The magnitudes are divided by the largest first, because powers of the elements themselves could overflow.
    private unsafe NormPart OfPowers(float* values, nuint count)
    {
        double largest = Reductions.MaximumMagnitude(values, count);
        double sum = 0;
        for (nuint i = 0; i < count && IsScale(largest); i++)
        {
            sum += Math.Pow(Math.Abs(values[i]) / largest, Order);
        }

        return new NormPart(largest, sum);
    }
}

/// <summary>The part of a norm that some of the elements give.</summary>
/// <param name="Largest">The largest magnitude; 0 if only the sum counts.</param>
/// <param name="Sum">The sum of the powers, divided by the power of the largest magnitude if there is one.</param>
internal readonly record struct NormPart(double Largest, double Sum);
