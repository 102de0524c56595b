namespace Optimizers.Training;

/// <summary>Scales all gradients by one factor, so that their norm is at most <see cref="MaximumNorm"/>.</summary>
/// <remarks>
/// <para>Pascanu, Mikolov &amp; Bengio 2013, arXiv 1211.5063, algorithm 1, in PyTorch's form:</para>
/// <code>
/// g ← g·min(1, MaximumNorm/(‖g‖ + 1e-6))
/// </code>
/// <para>The norm is summed in double, so gradients as large as 1e30 are clipped, whereas PyTorch's float32 norm overflows and
/// sets them to 0. With a norm of 0 the gradients stay as they are. If a gradient is infinite or NaN, the factor is 0 or NaN, as
/// in PyTorch; a <see cref="ModelOptimizer"/> reaches that case only with <see cref="NonFinitePolicy.Propagate"/>
/// (<see cref="ModelOptimizerOptions.NonFinite"/>).</para>
/// </remarks>
public sealed record ClipByGlobalNorm : IGlobalClip, INamed
{
    /// <summary>The largest norm that is not clipped. Finite, above 0; default 1.</summary>
    public double MaximumNorm
    {
        get;
        init
        {
            Require.Bound(value, nameof(MaximumNorm));
            field = value;
        }
    } = 1;

    /// <summary>The kind of norm. Default <see cref="Training.NormKind.Euclidean"/>.</summary>
    public NormKind NormKind
    {
        get;
        init
        {
            if (!Enum.IsDefined(value))
            {
                throw new ArgumentOutOfRangeException(nameof(NormKind), value, $"{nameof(NormKind)} must be one of {string.Join(", ", Enum.GetNames<NormKind>())}.");
            }

            field = value;
        }
    } = NormKind.Euclidean;

    /// <summary>The order p of <see cref="NormKind.P"/>; other kinds of norm do not use it. Finite, at least 1; default 2.</summary>
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
    /// <param name="gradients">The gradients.</param>
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
