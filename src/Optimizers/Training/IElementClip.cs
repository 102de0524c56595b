namespace Optimizers.Training;

/// <summary>Limits the magnitude of each element of the gradients.</summary>
public interface IElementClip : IGradientClip
{
    /// <summary>
    /// Returns the limit for the magnitude of each element. The limit applies to the gradient after the clip factors (of
    /// <see cref="IGlobalClip"/> and <see cref="ITensorClip"/>) have been applied.
    /// </summary>
    /// <param name="step">The step. Its norm is NaN if nothing measured it: see <see cref="ClipStep.GradientNorm"/>.</param>
    /// <returns>The limit: above 0, also after rounding to float. Infinity means no limit.</returns>
    double LimitOf(ClipStep step);
}
