namespace Optimizers.TorchSharp;

/// <summary>How a <see cref="ModuleOptimizer"/> treats the tensors of a module.</summary>
public sealed record ModuleOptions
{
    /// <summary>
    /// Selects parameters, by name, whose gradients are sparse. The modules <c>Embedding</c> and <c>EmbeddingBag</c> with
    /// <c>sparse: true</c> are found without it, if they are registered in the module. So it is needed only for other code with sparse
    /// gradients, such as a compiled script that calls <c>torch.embedding</c>. Default null: no others.
    /// </summary>
    public Predicate<string>? SparseGradients { get; init; }

    /// <summary>
    /// Whether checkpoints include the parameters that do not require a gradient. Default true. Set it to false if they come from
    /// another file, for example those of a large pretrained model.
    /// </summary>
    public bool SavesFrozenParameters { get; init; } = true;

    /// <summary>
    /// Whether a step tells torch that it has changed the parameters. Torch then throws if a graph from before the step is
    /// differentiated after it; without it, such a graph silently gives wrong gradients. Default true; it takes about 10
    /// nanoseconds for each parameter, and less than a microsecond on Windows.
    /// </summary>
    public bool CountsChanges { get; init; } = true;
}
