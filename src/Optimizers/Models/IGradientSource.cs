namespace Optimizers;

/// <summary>
/// Another library that computes the gradients of a <see cref="ParameterSet"/> in memory of its own, such as an autograd engine.
/// </summary>
/// <remarks>
/// Each operation of this library that reads gradients calls <see cref="TakeGradients"/> at its beginning and
/// <see cref="ReleaseGradients"/> at its end: a step, an accumulated micro-batch, the ascent of SAM, an evaluation of L-BFGS, a
/// clip. Operations nest, but the source is called once. So a wrapper such as <see cref="GradientAccumulator"/> works with
/// another library's gradients, and nothing is copied. A source that is <see cref="Checkpoints.ICheckpointed"/> lists the tensors that
/// checkpoints save beside the parameters of the set, such as parameters that are not trained.
/// </remarks>
public interface IGradientSource
{
    /// <summary>
    /// Points each parameter at its gradients with <see cref="Parameter.PointGradientsAt(float*)"/>; at null if it has none. For a
    /// table, sets the gradients of its rows; if it has none, sets <see cref="Parameter.HasGradient"/> to false.
    /// </summary>
    void TakeGradients();

    /// <summary>
    /// Ends the use of the gradients. It is also called if <see cref="TakeGradients"/> threw. If the memory of gradients may be freed
    /// before the next call of <see cref="TakeGradients"/>, points their parameters at null.
    /// </summary>
    /// <param name="used">Whether the gradients have been used. If true, they must be cleared before the next ones are computed, so
    /// that the next ones are not added to them. If false, they must stay as they are.</param>
    /// <param name="valuesChanged">Whether values have changed since the last call, in this operation or before it.</param>
    void ReleaseGradients(bool used, bool valuesChanged);

    /// <summary>Clears all gradients, so that the next ones are not added to them.</summary>
    void ClearGradients();
}
