namespace Optimizers.Tests;

/// <summary>Seeded numbers: the same in every run. A shorter list is the start of a longer one.</summary>
internal static class Draw
{
    /// <summary>Uniform in ±<paramref name="scale"/>.</summary>
    public static float[] Floats(int seed, int count, float scale = 1)
    {
        var random = new Random(seed);
        var values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = ((2 * random.NextSingle()) - 1) * scale;
        }

        return values;
    }

    /// <summary>One array for each step; the seed decides all of them.</summary>
    public static float[][] Gradients(int seed, int steps, int count) =>
        [.. Enumerable.Range(1, steps).Select(step => Floats((seed * 1_000) + step, count))];

    public static int[] Permutation(int seed, int count)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        new Random(seed).Shuffle(order);
        return order;
    }
}
