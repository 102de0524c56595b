namespace Optimizers.Diagnostics;

/// <summary>Statistics of sorted losses.</summary>
internal static class SortedLosses
{
    /// <summary>The median.</summary>
    public static double Median(ReadOnlySpan<double> sorted) =>
        (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;

    /// <summary>The spread without the tails: the difference between two losses, with one n-th of all losses outside at each end.</summary>
    public static double Spread(ReadOnlySpan<double> sorted, int n) =>
        sorted[sorted.Length - 1 - (sorted.Length / n)] - sorted[sorted.Length / n];

    /// <summary>The share of pairs in which the left loss is above the right one. A tie counts as half a pair.</summary>
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
