using System.Numerics.Tensors;

namespace Optimizers;

/// <summary>Scales gradients down, all by the same factor, so that their norm is at most a given one.</summary>
/// <remarks>
/// <para>Pascanu, Mikolov &amp; Bengio 2013, arXiv 1211.5063, algorithm 1, in PyTorch's form:</para>
/// <code>
/// g ← g·min(1, MaximumNorm/(‖g‖ + 1e-6))
/// </code>
/// <para>The norm is summed in double, so that gradients as large as 1e30 are clipped where PyTorch's float32 norm
/// overflows and zeroes them. A norm that is infinite or NaN because a gradient is makes the factor 0 or NaN, as in
/// PyTorch.</para>
/// </remarks>
public sealed record ClipByGlobalNorm
{
    /// <summary>The largest norm that is left as it is. Finite, at least 0; default 1.</summary>
    public double MaximumNorm
    {
        get;
        init
        {
            Require.NonNegative(value, nameof(MaximumNorm));
            field = value;
        }
    } = 1;

    /// <summary>Which norm. Default <see cref="Optimizers.NormKind.Euclidean"/>.</summary>
    public NormKind NormKind
    {
        get;
        init
        {
            if (!Enum.IsDefined(value))
            {
                throw new ArgumentOutOfRangeException(nameof(NormKind), value, $"{nameof(NormKind)} is no kind of norm.");
            }

            field = value;
        }
    } = NormKind.Euclidean;

    /// <summary>Clips one buffer of gradients in place, on the caller's thread.</summary>
    /// <returns>The norm before clipping.</returns>
    public double Apply(Span<float> gradients)
    {
        double norm = Norm.Finish(NormKind, Norm.OfTensor(NormKind, gradients));
        Scale(gradients, Factor(norm));
        return norm;
    }

    /// <summary>
    /// Clips the gradients of all parameters of a set, but of those that have none, in place, on the caller's thread. A
    /// <see cref="ModelOptimizer"/> does it on all threads and without writing the gradients.
    /// </summary>
    /// <returns>The norm before clipping.</returns>
    /// <exception cref="ArgumentException">Gradients overlap, and would be scaled more than once.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public double Apply(ParameterSet parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        parameters.RequireGradientsApart("scaled", nameof(parameters));
        double whole = 0;
        foreach (Parameter parameter in parameters.Where(parameter => parameter.HasGradient))
        {
            whole = Norm.Combine(NormKind, whole, Norm.OfTensor(NormKind, parameter.Gradients));
        }

        double norm = Norm.Finish(NormKind, whole);
        foreach (Parameter parameter in parameters.Where(parameter => parameter.HasGradient))
        {
            Scale(parameter.Gradients, Factor(norm));
        }

        return norm;
    }

    internal double Factor(double norm) => Math.Min(1, MaximumNorm / (norm + 1e-6));

    private static void Scale(Span<float> gradients, double factor)
    {
        if (factor != 1)
        {
            TensorPrimitives.Multiply(gradients, (float)factor, gradients);
        }
    }
}

/// <summary>How the length of a vector is measured.</summary>
public enum NormKind
{
    /// <summary>The root of the sum of the squares.</summary>
    Euclidean,

    /// <summary>The largest magnitude.</summary>
    Infinity,
}
