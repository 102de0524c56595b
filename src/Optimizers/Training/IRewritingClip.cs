namespace Optimizers.Training;

/// <summary>Rewrites the gradients of a tensor in place, in any way: unit by unit, centred, with noise.</summary>
/// <remarks>
/// It is slower than a factor or a limit, which are applied while the update reads the gradients. With this interface a step first copies
/// the gradients, then rewrites them on the caller's thread and measures them again. They stay rewritten after the step. If the step is
/// refused, the copy is restored.
/// </remarks>
public interface IRewritingClip : IGradientClip
{
    /// <summary>Rewrites the gradients of one tensor, or of one row of a table.</summary>
    /// <param name="step">The step, with the norm before any rewriting. It is NaN if nothing measured it: see
    /// <see cref="ClipStep.GradientNorm"/>.</param>
    /// <param name="tensor">The tensor, with the gradients to rewrite.</param>
    void Rewrite(ClipStep step, TensorGradient tensor);
}
