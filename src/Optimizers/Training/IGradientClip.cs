namespace Optimizers.Training;

/// <summary>
/// Limits the gradients of a model before the update. Set a clip as <see cref="ModelOptimizerOptions.Clip"/>, or apply it in place
/// with <see cref="GradientClipExtensions.Apply(IGradientClip, ParameterSet, long)"/>.
/// </summary>
/// <remarks>
/// <para>A clip of your own implements one or more of four interfaces. A step calls them in this order:</para>
/// <list type="number">
/// <item><see cref="IRewritingClip"/> rewrites the gradients of a tensor in place.</item>
/// <item><see cref="IGlobalClip"/> returns one factor for all gradients, from their norm.</item>
/// <item><see cref="ITensorClip"/> returns a factor for each tensor, from its norm. The two factors are multiplied.</item>
/// <item><see cref="IElementClip"/> returns the largest magnitude of an element, after the factors.</item>
/// </list>
/// <para>A clip gets gradients and norms divided by the loss scale. Parameters that are frozen, have no gradient or have no elements
/// are left out. All calls come on the thread that takes the step. If a step finds a gradient that is not finite, it does not
/// call the clip, unless the policy is <see cref="NonFinitePolicy.Propagate"/>.</para>
/// <para>The methods must not change the clip, because the step can still be refused after them. Change state only in
/// <see cref="Commit"/>. A clip with state implements <see cref="ICheckpointed"/>; checkpoints of the optimizer then include its state,
/// and a search for a learning rate restores it. Such a clip belongs to one optimizer.</para>
/// <para>If a method throws, the step throws an <see cref="InvalidOperationException"/> with the cause. If a method returns a factor or a
/// limit that cannot be used, the step throws an <see cref="ArgumentOutOfRangeException"/>. Parameters, state, counters and gradients
/// are then as they were before the step.</para>
/// <para>Checkpoints compare clips by <see cref="object.ToString"/>. It must show the options and not the state. For a record this
/// holds if its state is in private fields.</para>
/// </remarks>
public interface IGradientClip
{
    /// <summary>The kind of norm that the factors are computed from. Default <see cref="NormKind.Euclidean"/>.</summary>
    NormKind NormKind => NormKind.Euclidean;

    /// <summary>The order p of <see cref="NormKind.P"/>; other kinds of norm do not use it. Finite, at least 1; default 2.</summary>
    double Order => 2;

    /// <summary>Explains why a parameter cannot be clipped. It is called when a parameter joins the optimizer.</summary>
    /// <param name="parameter">The parameter.</param>
    /// <returns>A sentence that names the parameter; null if it can be clipped, which is the default.</returns>
    string? RefusalOf(Parameter parameter) => null;

    /// <summary>
    /// Changes the state of the clip for a step that will be applied. It is called after all checks and before anything is written.
    /// The default does nothing.
    /// </summary>
    /// <param name="step">The step, with the norm that the factors were computed from.</param>
    void Commit(ClipStep step)
    {
    }
}
