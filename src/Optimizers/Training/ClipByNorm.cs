namespace Optimizers.Training;

/// <summary>Scales the gradients of each tensor by its own factor, so that its norm is at most <see cref="MaximumNorm"/>.</summary>
/// <remarks>
/// <para>The same as PyTorch's <c>clip_grad_norm_</c>, called for each tensor separately:</para>
/// <code>
/// g ← g·min(1, MaximumNorm/(‖g‖ + 1e-6)), with the Euclidean norm of the tensor
/// </code>
/// <para>One tensor with a very large gradient does not shrink the gradients of the others, as it does with
/// <see cref="ClipByGlobalNorm"/>; but the direction of the whole gradient changes. The norm is summed in double. If an element is
/// infinite or NaN, the factor of its tensor is 0 or NaN.</para>
/// </remarks>
public sealed record ClipByNorm : ITensorClip, INamed
{
    /// <summary>The largest norm of a tensor that is not clipped. Finite, above 0; default 1.</summary>
    public double MaximumNorm
    {
        get;
        init
        {
            Require.Bound(value, nameof(MaximumNorm));
            field = value;
        }
    } = 1;

    /// <summary>Clips the gradients of one tensor in place, on the caller's thread.</summary>
    /// <param name="gradients">The gradients.</param>
    /// <returns>The norm before clipping.</returns>
    public double Apply(Span<float> gradients)
    {
        double norm = NormKind.Euclidean.Of(gradients);
        GradientScaling.Apply(gradients, Factor(norm));
        return norm;
    }

    /// <inheritdoc/>
    public double FactorOf(ClipStep step, TensorNorms tensor) => Factor(tensor.GradientNorm);

    private double Factor(double norm) => Math.Min(1, MaximumNorm / (norm + 1e-6));

    internal static NamedType Named { get; } = new NamedType<ClipByNorm>(new ClipByNormContract(), new ClipByNorm());

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(ClipByNorm), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class ClipByNormContract : JsonSerializerContext;
