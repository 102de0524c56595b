namespace Optimizers.Training;

/// <summary>
/// Bounds the gradients of a model before the update. Give a clip to <see cref="ModelOptimizerOptions.Clip"/>, or apply it in place
/// with <see cref="GradientClipExtensions.Apply(IGradientClip, ParameterSet, long)"/>.
/// </summary>
/// <remarks>
/// <para>A clip of your own implements one or more of four interfaces. A step asks them in this order:</para>
/// <list type="number">
/// <item><see cref="IRewritingClip"/> rewrites the gradients of a tensor where they lie.</item>
/// <item><see cref="IGlobalClip"/> gives one factor for all gradients, from their norm.</item>
/// <item><see cref="ITensorClip"/> gives a factor for each tensor, from its norm. The two factors multiply.</item>
/// <item><see cref="IElementClip"/> gives the largest magnitude of an element, after the factors.</item>
/// </list>
/// <para>A clip sees gradients and norms without the loss scale. Parameters that are frozen, have no gradient or have no elements are
/// left out. The calls come on the thread that takes the step. A clip is not asked in a step that finds a gradient that is not
/// finite, unless the policy is <see cref="NonFinitePolicy.Propagate"/>.</para>
/// <para>The methods must not change the clip: a step can still be refused after them. <see cref="Commit"/> is the place to change
/// state. A clip with state implements <see cref="ICheckpointed"/>; checkpoints of the optimizer then hold its state, and a search
/// for a rate restores it. Such a clip belongs to one optimizer.</para>
/// <para>If a method throws, the step throws an <see cref="InvalidOperationException"/> with the cause. If it gives a factor or a
/// limit that cannot be used, the step throws an <see cref="ArgumentOutOfRangeException"/>. Parameters, state, counters and gradients
/// are then as they were before the step.</para>
/// <para>Checkpoints compare clips by <see cref="object.ToString"/>. It must show the options and not the state. A record does so if its
/// state is in private fields.</para>
/// </remarks>
public interface IGradientClip
{
    /// <summary>The norm that the factors are computed from. Default <see cref="NormKind.Euclidean"/>.</summary>
    NormKind NormKind => NormKind.Euclidean;

    /// <summary>The order p of <see cref="NormKind.P"/>; other norms do not use it. Finite, at least 1; default 2.</summary>
    double Order => 2;

    /// <summary>Says why a parameter cannot be clipped. It is asked when a parameter joins the optimizer.</summary>
    /// <param name="parameter">The parameter.</param>
    /// <returns>A sentence that names the parameter; null if it can be clipped, which is the default.</returns>
    string? RefusalOf(Parameter parameter) => null;

    /// <summary>
    /// Takes note of a step that will be applied. It is called after everything has been checked and before anything is written.
    /// The default does nothing.
    /// </summary>
    /// <param name="step">The step, with the norm that the factors were computed from.</param>
    void Commit(ClipStep step)
    {
    }
}
