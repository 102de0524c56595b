namespace Optimizers.Training;

/// <summary>Multiplies all gradients by one factor that depends on their common norm.</summary>
public interface IGlobalClip : IGradientClip
{
    /// <summary>Returns the factor of all gradients.</summary>
    /// <param name="step">The step, with the norm of all gradients together. The norm may be 0.</param>
    /// <returns>The factor: at least 0 and finite, also after rounding to float. 1 leaves the gradients as they are. If the norm is NaN
    /// or infinite, any factor is accepted.</returns>
    double FactorOfAll(ClipStep step);
}
