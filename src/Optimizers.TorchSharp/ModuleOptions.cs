namespace Optimizers.TorchSharp;

/// <summary>How a <see cref="ModuleOptimizer"/> treats the tensors of a module.</summary>
public sealed record ModuleOptions
{
    /// <summary>
    /// Selects parameters, by name, whose gradients are sparse. The modules <c>Embedding</c> and <c>EmbeddingBag</c> with
    /// <c>sparse: true</c> are found without it, if they are registered in the module. So it is needed only for other code with sparse
    /// gradients, such as a compiled script that calls <c>torch.embedding</c>. Default null: only the weights of
    /// these modules have sparse gradients.
    /// </summary>
    public Predicate<string>? SparseGradients { get; init; }

    /// <summary>
    /// Whether checkpoints include the parameters that do not require a gradient. Default true. Set it to false if they come from
    /// another file, for example those of a large pretrained model.
    /// </summary>
    public bool SavesFrozenParameters { get; init; } = true;

    /// <summary>
    /// Whether a step tells torch that it has changed the parameters. If true, torch throws when a graph that was recorded
    /// before the step is differentiated after the step. If false, such a graph gives wrong gradients without an error. Default true. It
    /// takes about 10 nanoseconds for each parameter, or 300 where libtorch does not export the function for it.
    /// </summary>
    public bool CountsChanges { get; init; } = true;

    /// <summary>
    /// How parameters in bfloat16 or half keep updates that are smaller than the spacing of their values. Parameters in float32 ignore it.
    /// Default a master copy in float32.
    /// </summary>
    public UpdatePrecision UpdatePrecision { get; init; }
}
