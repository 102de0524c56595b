using System.Numerics.Tensors;

namespace Optimizers.Training;

/// <summary>Limits each element of the gradients to [−<see cref="Limit"/>, <see cref="Limit"/>].</summary>
/// <remarks>
/// <para>The same as PyTorch's <c>clip_grad_value_</c>:</para>
/// <code>
/// g ← min(max(g, −Limit), Limit)
/// </code>
/// <para>Unlike clipping by a norm, this changes the direction of the gradient. An infinite element becomes ±Limit; a NaN stays
/// NaN.</para>
/// </remarks>
public sealed record ClipByValue : IElementClip, INamed
{
    /// <summary>The largest magnitude of an element. Finite, above 0; default 1.</summary>
    public double Limit
    {
        get;
        init
        {
            Require.Bound(value, nameof(Limit));
            field = value;
        }
    } = 1;

    /// <summary>Clips one buffer of gradients in place, on the caller's thread.</summary>
    /// <param name="gradients">The gradients.</param>
    public void Apply(Span<float> gradients) =>
        TensorPrimitives.Clamp(gradients, -(float)Limit, (float)Limit, gradients);

    /// <inheritdoc/>
    public double LimitOf(ClipStep step) => Limit;

    internal static NamedType Named { get; } = new NamedType<ClipByValue>(new ClipByValueContract(), new ClipByValue());

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(ClipByValue), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class ClipByValueContract : JsonSerializerContext;
