namespace Optimizers.Training;

/// <summary>Scales gradients down, all by the same factor, so that their norm is at most a given one.</summary>
/// <remarks>
/// <para>Pascanu, Mikolov &amp; Bengio 2013, arXiv 1211.5063, algorithm 1, in PyTorch's form:</para>
/// <code>
/// g ← g·min(1, MaximumNorm/(‖g‖ + 1e-6))
/// </code>
/// <para>The norm is summed in double, so that gradients as large as 1e30 are clipped where PyTorch's float32 norm
/// overflows and zeroes them. A norm of 0 leaves them as they are. A norm that is infinite or NaN because a gradient is makes
/// the factor 0 or NaN, as in PyTorch; a <see cref="ModelOptimizer"/> does not get that far unless it is told to
/// (<see cref="ModelOptimizerOptions.NonFinite"/>).</para>
/// </remarks>
public sealed record ClipByGlobalNorm : IGlobalClip, INamed
{
    /// <summary>The largest norm that is left as it is. Finite, above 0; default 1.</summary>
    public double MaximumNorm
    {
        get;
        init
        {
            Require.Bound(value, nameof(MaximumNorm));
            field = value;
        }
    } = 1;

    /// <summary>Which norm. Default <see cref="Training.NormKind.Euclidean"/>.</summary>
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

    /// <summary>The order p of <see cref="NormKind.P"/>; other norms do not use it. Finite, at least 1; default 2.</summary>
    public double Order
    {
        get;
        init
        {
            if (!(value >= 1) || !double.IsFinite(value))
            {
                throw new ArgumentOutOfRangeException(nameof(Order), value, $"{nameof(Order)} must be finite and at least 1.");
            }

            field = value;
        }
    } = 2;

    /// <summary>Clips one buffer of gradients in place, on the caller's thread.</summary>
    /// <returns>The norm before clipping.</returns>
    public double Apply(Span<float> gradients)
    {
        double norm = NormKind.Of(gradients, Order);
        GradientScaling.Apply(gradients, Factor(norm));
        return norm;
    }

    /// <inheritdoc/>
    public double FactorOfAll(ClipStep step) => Factor(step.GradientNorm);

    private double Factor(double norm) => Math.Min(1, MaximumNorm / (norm + 1e-6));

    internal static NamedType Named { get; } = new NamedType<ClipByGlobalNorm>(new ClipByGlobalNormContract(), new ClipByGlobalNorm());

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(ClipByGlobalNorm), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class ClipByGlobalNormContract : JsonSerializerContext;
