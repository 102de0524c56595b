namespace Optimizers.Training;

/// <summary>Multiplies all gradients by one factor, which depends on the norm of all of them.</summary>
public interface IGlobalClip : IGradientClip
{
    /// <summary>Gives the factor of all gradients.</summary>
    /// <param name="step">The step, with the norm of all gradients together. It may be 0.</param>
    /// <returns>The factor: at least 0 and finite, also as a float. 1 leaves the gradients as they are. If the norm is NaN or
    /// infinite, any factor is taken.</returns>
    double FactorOfAll(ClipStep step);
}
