namespace Optimizers.Training;

/// <summary>The step that a clip is asked about.</summary>
public readonly record struct ClipStep
{
    /// <summary>The index of the update, counted from 0: the number of updates applied so far.</summary>
    public long Update { get; init; }

    /// <summary>
    /// The norm of the gradients of all parameters that take part, without the loss scale, by <see cref="IGradientClip.NormKind"/>. It is
    /// always measured for an <see cref="IGlobalClip"/> and an <see cref="ITensorClip"/>. Otherwise it is NaN where the policy is
    /// <see cref="NonFinitePolicy.Propagate"/>, because nothing has measured it.
    /// </summary>
    public double GradientNorm { get; init; }
}
