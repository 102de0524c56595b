namespace Optimizers.Training;

/// <summary>Limits the magnitude of each element of the gradients.</summary>
public interface IElementClip : IGradientClip
{
    /// <summary>Returns the largest magnitude that an element may have after the factors.</summary>
    /// <param name="step">The step. Its norm is NaN if nothing measured it: see <see cref="ClipStep.GradientNorm"/>.</param>
    /// <returns>The limit: above 0, also after rounding to float. Infinity means no limit.</returns>
    double LimitOf(ClipStep step);
}
