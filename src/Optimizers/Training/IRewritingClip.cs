namespace Optimizers.Training;

/// <summary>Rewrites the gradients of a tensor where they lie: unit by unit, centred, with noise, or in any other way.</summary>
/// <remarks>
/// It is slower than a factor or a limit, which are applied while the update reads the gradients: the gradients are copied first,
/// rewritten on the caller's thread, and then measured again. They stay rewritten after the step. If the step is refused, the copy is put back.
/// </remarks>
public interface IRewritingClip : IGradientClip
{
    /// <summary>Rewrites the gradients of one tensor, or of one row of a table.</summary>
    /// <param name="step">The step, with the norm before anything was rewritten. It is NaN if nothing measured it: see
    /// <see cref="ClipStep.GradientNorm"/>.</param>
    /// <param name="tensor">The tensor, with the gradients to write.</param>
    void Rewrite(ClipStep step, TensorGradient tensor);
}
