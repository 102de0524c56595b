namespace Optimizers.Training;

/// <summary>The step for which a clip is called.</summary>
public readonly record struct ClipStep
{
    /// <summary>The index of the update, counted from 0: the number of updates applied so far.</summary>
    public long Update { get; init; }

    /// <summary>
    /// The norm of the gradients of all parameters that take part, divided by the loss scale; <see cref="IGradientClip.NormKind"/> is its
    /// kind. It is always measured for an <see cref="IGlobalClip"/> and an <see cref="ITensorClip"/>. For other clips it is NaN if the policy
    /// is <see cref="NonFinitePolicy.Propagate"/>, because then nothing measures it.
    /// </summary>
    public double GradientNorm { get; init; }
}
