namespace Optimizers.Diagnostics;

/// <summary>Statistics of losses that are sorted.</summary>
internal static class SortedLosses
{
    /// <summary>The loss in the middle.</summary>
    public static double Median(ReadOnlySpan<double> sorted) =>
        (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;

    /// <summary>The difference of two losses: an n-th of all losses lies outside them at either end.</summary>
    public static double Spread(ReadOnlySpan<double> sorted, int n) =>
        sorted[sorted.Length - 1 - (sorted.Length / n)] - sorted[sorted.Length / n];

    /// <summary>The share of pairs in which the loss of the left is above that of the right. A tie counts as half a pair.</summary>
    public static double ShareAbove(ReadOnlySpan<double> left, ReadOnlySpan<double> right)
    {
        long halves = 0;
        int below = 0;
        int notAbove = 0;
        foreach (double loss in left)
        {
            while (below < right.Length && right[below] < loss)
            {
                below++;
            }

            while (notAbove < right.Length && right[notAbove] <= loss)
            {
                notAbove++;
            }

            halves += below + notAbove;
        }

        return halves / (2.0 * left.Length * right.Length);
    }
}
