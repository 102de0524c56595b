namespace Optimizers;

/// <summary>A norm, part by part: a block is measured, parts are combined in a fixed order, and the whole is finished.</summary>
internal static class Norm
{
    /// <summary>The part that one block of at most <see cref="Reductions.Block"/> elements contributes.</summary>
    public static unsafe double OfBlock(NormKind kind, float* values, nuint count) =>
        kind == NormKind.Infinity ? Reductions.MaximumMagnitude(values, count) : Reductions.SumOfSquares(values, count);

    /// <summary>The part that a whole tensor contributes.</summary>
    public static unsafe double OfTensor(NormKind kind, ReadOnlySpan<float> values)
    {
        double part = 0;
        fixed (float* address = values)
        {
            for (nuint start = 0; start < (nuint)values.Length; start += Reductions.Block)
            {
                nuint count = nuint.Min((nuint)values.Length - start, Reductions.Block);
                part = Combine(kind, part, OfBlock(kind, address + start, count));
            }
        }

        return part;
    }

    public static double Combine(NormKind kind, double left, double right) =>
        kind == NormKind.Infinity ? Math.Max(left, right) : left + right;

    public static double Finish(NormKind kind, double whole) => kind == NormKind.Infinity ? whole : Math.Sqrt(whole);
}
