namespace Optimizers.Training;

/// <summary>Scales the gradients of each tensor down by a factor of its own, so that its norm is at most a given one.</summary>
/// <remarks>
/// <para>As PyTorch's <c>clip_grad_norm_</c> called for each tensor alone:</para>
/// <code>
/// g ← g·min(1, MaximumNorm/(‖g‖ + 1e-6)), with the Euclidean norm of the tensor
/// </code>
/// <para>One tensor with an exploding gradient does not take the others down with it, as <see cref="ClipByGlobalNorm"/> does;
/// but the direction of the whole gradient changes. The norm is summed in double. A norm that is infinite or NaN because
/// an element is makes the factor of its tensor 0 or NaN.</para>
/// </remarks>
public sealed record ClipByNorm : ITensorClip, INamed
{
    /// <summary>The largest norm of a tensor that is left as it is. Finite, above 0; default 1.</summary>
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
