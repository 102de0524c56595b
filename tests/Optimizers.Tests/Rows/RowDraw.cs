namespace Optimizers.Tests;

/// <summary>Seeded sparse gradients, and the variants of the catalogue that accept them.</summary>
internal static class RowDraw
{
    /// <summary>Rows in random order, each at most once.</summary>
    public static GoldenRows Distinct(int seed, int tableRows, int count, int width) =>
        new(Draw.Permutation(seed, tableRows)[..count], Draw.Floats(seed + 1, count * width));

    /// <summary>Rows of which some are repeated.</summary>
    public static GoldenRows Repeated(int seed, int tableRows, int count, int width)
    {
        var random = new Random(seed);
        return new([.. Enumerable.Range(0, count).Select(_ => random.Next(tableRows))], Draw.Floats(seed + 1, count * width));
    }

    public static RowGradients Of(GoldenRows rows, int width) => new(rows.Rows, rows.Values, width);

    /// <summary>The same gradient as a dense array over all elements of the table. It is 0 in rows without a gradient.</summary>
    public static float[] Dense(GoldenRows rows, int tableRows, int width)
    {
        float[] dense = new float[tableRows * width];
        for (int i = 0; i < rows.Rows.Length; i++)
        {
            for (int j = 0; j < width; j++)
            {
                dense[(rows.Rows[i] * width) + j] += rows.Values[(i * width) + j];
            }
        }

        return dense;
    }

    public static bool Takes(IOptimizerOptions options) =>
        options.TakesRows && (options.WeightDecay == 0 || options.DecayForm != DecayForm.Coupled);

    /// <summary>For [MemberData].</summary>
    public static TheoryData<string> Variants() =>
        [.. Catalogue.Optimizers.SelectMany(row => row.Variants).Where(variant => Takes(variant.Options)).Select(variant => variant.Name)];
}
