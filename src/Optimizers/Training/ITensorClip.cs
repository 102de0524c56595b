namespace Optimizers.Training;

/// <summary>Multiplies the gradients of each tensor by its own factor, which depends on the tensor's norms.</summary>
public interface ITensorClip : IGradientClip
{
    /// <summary>Returns the factor of one tensor. It is called for each tensor, in the order of the set.</summary>
    /// <param name="step">The step, with the norm of all gradients together.</param>
    /// <param name="tensor">The tensor with its norms. Its norm may be 0.</param>
    /// <returns>The factor: at least 0 and finite, also after rounding to float. 1 leaves the gradients as they are. If the norm is NaN
    /// or infinite, any factor is accepted.</returns>
    double FactorOf(ClipStep step, TensorNorms tensor);
}
