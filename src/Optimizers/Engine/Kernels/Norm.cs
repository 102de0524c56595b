namespace Optimizers.Engine;

/// <summary>A norm, part by part: a block is measured, parts are combined in a fixed order, and the whole is finished.</summary>
/// <param name="Kind">Which norm.</param>
/// <param name="Order">The order p; read for <see cref="NormKind.P"/> only.</param>
internal readonly record struct Norm(NormKind Kind, double Order = 2)
{
    public static Norm Euclidean => new(NormKind.Euclidean);

    /// <summary>The part that one block of at most <see cref="Reductions.Block"/> elements contributes.</summary>
    public unsafe NormPart OfBlock(float* values, nuint count) => Kind switch
    {
        NormKind.Euclidean => new NormPart(0, Reductions.SumOfSquares(values, count)),
        NormKind.Infinity => new NormPart(Reductions.MaximumMagnitude(values, count), 0),
        _ => OfPowers(values, count),
    };

    /// <summary>The part that a whole tensor contributes.</summary>
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

    // Powers of magnitudes relative to the largest: those of the elements themselves could overflow.
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

/// <summary>What a part contributes to a norm.</summary>
/// <param name="Largest">The largest magnitude; 0 where only the sum counts.</param>
/// <param name="Sum">The sum of the powers, divided by that of the largest magnitude where there is one.</param>
internal readonly record struct NormPart(double Largest, double Sum);
