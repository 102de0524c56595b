using System.Numerics.Tensors;

namespace Optimizers;

/// <summary>Estimates of the diagonal of the Hessian, from quantities that a training program can compute with its
/// gradients.</summary>
/// <remarks>
/// <para>Hutchinson 1989, doi:10.1080/03610918908812806; Liu et al. 2023, arXiv 2305.14342, algorithms 1 and 2.</para>
/// <code>
/// Hutchinson:             u: +1 or −1 at random, ĥ = u ⊙ (H·u)
/// Gauss–Newton–Bartlett:  ĝ: gradient of the mean loss against labels drawn from the model's own output, ĥ = B·ĝ²
/// </code>
/// <para>The first estimate is unbiased. The second is biased, but never negative.</para>
/// </remarks>
public static class HessianDiagonal
{
    private const int SignsOfAWord = 64;
    private const ulong Golden = 0x9E3779B97F4A7C15;

    /// <summary>
    /// Fills a probe with +1 and −1, with equal probability. The signs depend only on the arguments: no random generator has
    /// to be saved, and the signs are the same on every processor and platform.
    /// </summary>
    /// <param name="probe">The memory for the signs. A shorter probe is the beginning of a longer one.</param>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="step">The number of the estimate.</param>
    /// <param name="tensor">The number of the tensor, so that each tensor has its own signs.</param>
    public static void Probe(Span<float> probe, long seed, long step, int tensor = 0)
    {
        ulong key = Mix(Mix(Mix((ulong)seed) ^ (ulong)step) ^ (ulong)tensor);
        for (int start = 0; start < probe.Length; start += SignsOfAWord)
        {
            ulong signs = Mix(key + ((ulong)(start / SignsOfAWord) * Golden));
            Span<float> part = probe[start..Math.Min(probe.Length, start + SignsOfAWord)];
            for (int i = 0; i < part.Length; i++)
            {
                part[i] = (signs >> i & 1) == 0 ? 1 : -1;
            }
        }
    }

    /// <summary>Hutchinson's estimate.</summary>
    /// <param name="probe">The signs u from <see cref="Probe"/>.</param>
    /// <param name="product">The product H·u of the Hessian and the signs, for example the gradient of ⟨∇L, u⟩.</param>
    /// <param name="estimate">The memory for the estimate; may be the same as the product.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Hutchinson(ReadOnlySpan<float> probe, ReadOnlySpan<float> product, Span<float> estimate)
    {
        CheckLength(product.Length, probe.Length, nameof(product));
        CheckLength(estimate.Length, probe.Length, nameof(estimate));
        TensorPrimitives.Multiply(probe, product, estimate);
    }

    /// <summary>The Gauss–Newton–Bartlett estimate.</summary>
    /// <param name="gradients">The gradients ĝ of the mean loss of a batch, with labels drawn from the model's output.</param>
    /// <param name="batch">The number B of examples in the batch, at least 1.</param>
    /// <param name="estimate">The memory for the estimate; may be the same as the gradients.</param>
    /// <exception cref="ArgumentException">The lengths differ, or the batch is empty.</exception>
    public static void GaussNewtonBartlett(ReadOnlySpan<float> gradients, int batch, Span<float> estimate)
    {
        Require.AtLeast(batch, 1);
        CheckLength(estimate.Length, gradients.Length, nameof(estimate));
        TensorPrimitives.Multiply(gradients, gradients, estimate);
        TensorPrimitives.Multiply(estimate, batch, estimate);
    }

    private static void CheckLength(int actual, int expected, string name)
    {
        if (actual != expected)
        {
            throw new ArgumentException($"{name} has {actual} elements, but must have {expected}, as many as the other spans.", name);
        }
    }

    // The generator SplitMix64, written as a function of its counter: Steele, Lea & Flood 2014, doi:10.1145/2660193.2660195.
    private static ulong Mix(ulong value)
    {
        value += Golden;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
