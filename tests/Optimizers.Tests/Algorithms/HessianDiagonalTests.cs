namespace Optimizers.Tests;

public sealed class HessianDiagonalTests
{
    private const int Length = 1_000;

    [Fact]
    public void ProbesAreSignsThatDependOnSeedAndNumberOnly()
    {
        float[] probe = Probe(Length, 1, 2, 3);
        probe.Should().OnlyContain(sign => sign == 1 || sign == -1);
        Math.Abs(probe.Sum()).Should().BeLessThan(5 * (float)Math.Sqrt(Length));
        Probe(Length, 1, 2, 3).Should().Equal(probe);
        Probe(77, 1, 2, 3).Should().Equal(probe[..77]);
        float[][] others = [Probe(Length, 2, 2, 3), Probe(Length, 1, 3, 3), Probe(Length, 1, 2, 4), Probe(Length, 2, 1, 3)];
        foreach (float[] other in others)
        {
            float agreement = probe.Zip(other, (a, b) => a * b).Sum();
            Math.Abs(agreement).Should().BeLessThan(5 * (float)Math.Sqrt(Length));
        }
    }

    /// <summary>The first words of SplitMix64 from seed 0 are published values; three mixing rounds make the key.</summary>
    [Fact]
    public void ProbeSignsAreTheSameOnEveryPlatform()
    {
        float[] probe = Probe(64, 0, 0, 0);
        ulong word = 0;
        for (int i = 0; i < probe.Length; i++)
        {
            word |= probe[i] < 0 ? 1ul << i : 0;
        }

        word.Should().Be(Mix(Mix(Mix(Mix(0)))));
        Mix(0).Should().Be(0xE220A8397B1DCDAF);
    }

    [Fact]
    public void HutchinsonAveragesToTheDiagonal()
    {
        // H has 1…n on the diagonal and 0.1 everywhere else.
        const int Size = 8;
        const int Probes = 4_000;
        var sum = new double[Size];
        var probe = new float[Size];
        var product = new float[Size];
        for (int k = 0; k < Probes; k++)
        {
            HessianDiagonal.Probe(probe, seed: 5, step: k);
            for (int i = 0; i < Size; i++)
            {
                product[i] = (i + 1 - 0.1f) * probe[i] + 0.1f * probe.Sum();
            }

            HessianDiagonal.Hutchinson(probe, product, product);
            for (int i = 0; i < Size; i++)
            {
                sum[i] += product[i];
            }
        }

        for (int i = 0; i < Size; i++)
        {
            // Seven terms of ±0.1 each.
            (sum[i] / Probes).Should().BeApproximately(i + 1, 5 * Math.Sqrt(7) * 0.1 / Math.Sqrt(Probes));
        }
    }

    [Fact]
    public void GaussNewtonBartlettIsBatchTimesSquaredGradient()
    {
        float[] gradients = [1, -2, 0.5f];
        var estimate = new float[3];
        HessianDiagonal.GaussNewtonBartlett(gradients, 32, estimate);
        estimate.Should().Equal(32, 128, 8);
    }

    [Fact]
    public void InvalidLengthsAndBatchSizesThrow()
    {
        FluentActions.Invoking(() => HessianDiagonal.Hutchinson(new float[2], new float[3], new float[2]))
            .Should().Throw<ArgumentException>().WithParameterName("product").WithMessage("*3*2*");
        FluentActions.Invoking(() => HessianDiagonal.Hutchinson(new float[2], new float[2], new float[1]))
            .Should().Throw<ArgumentException>().WithParameterName("estimate");
        FluentActions.Invoking(() => HessianDiagonal.GaussNewtonBartlett(new float[2], 1, new float[1]))
            .Should().Throw<ArgumentException>().WithParameterName("estimate");
        FluentActions.Invoking(() => HessianDiagonal.GaussNewtonBartlett(new float[2], 0, new float[2]))
            .Should().Throw<ArgumentOutOfRangeException>().WithParameterName("batch");
    }

    private static float[] Probe(int length, long seed, long step, int tensor)
    {
        var probe = new float[length];
        HessianDiagonal.Probe(probe, seed, step, tensor);
        return probe;
    }

    private static ulong Mix(ulong value)
    {
        ulong z = unchecked(value + 0x9E3779B97F4A7C15);
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EB);
        return z ^ (z >> 31);
    }
}
