namespace Optimizers.Training;

/// <summary>The options of <see cref="GradientAccumulator"/>.</summary>
public sealed record GradientAccumulatorOptions
{
    /// <summary>The number of micro-batches in an update. At least 1; default 1.</summary>
    public int MicroBatches { get; init; } = 1;

    /// <summary>
    /// Whether the update uses the mean of the micro-batches' gradients or their sum. The mean is right if each gradient is that of
    /// a mean loss. Default true: the mean.
    /// </summary>
    public bool Mean { get; init; } = true;

    /// <summary>
    /// Whether your code adds the gradients of a micro-batch to the contents of the buffers, as PyTorch does. The buffers must then be
    /// zero after an update: set <see cref="ModelOptimizerOptions.ZeroGradients"/>, or see <see cref="ZeroedByCaller"/>. Default
    /// false: your code overwrites the gradients, and the sums are kept in separate memory of 4 bytes per parameter.
    /// </summary>
    public bool AddsInPlace { get; init; }

    /// <summary>
    /// Whether your code zeroes the gradients itself, before it computes the next ones: after each update, each skipped step and each
    /// exception. Only used with <see cref="AddsInPlace"/>, and replaces <see cref="ModelOptimizerOptions.ZeroGradients"/> there. Default
    /// false.
    /// </summary>
    public bool ZeroedByCaller { get; init; }
}
