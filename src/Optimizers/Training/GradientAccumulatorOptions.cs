namespace Optimizers.Training;

/// <summary>The options of <see cref="GradientAccumulator"/>.</summary>
public sealed record GradientAccumulatorOptions
{
    /// <summary>The number of micro-batches in an update. At least 1.</summary>
    public int MicroBatches { get; init; } = 1;

    /// <summary>
    /// Whether the update sees the mean of the micro-batches' gradients, as is right where each is the gradient of a mean loss,
    /// or their sum. Default true: the mean.
    /// </summary>
    public bool Mean { get; init; } = true;

    /// <summary>
    /// Whether your code adds the gradients of a micro-batch to what the buffers hold, as PyTorch does. The buffers must be zero
    /// after an update then: set <see cref="ModelOptimizerOptions.ZeroGradients"/>, or see <see cref="ZeroedByCaller"/>. Default
    /// false: your code overwrites the gradients, and the sums are kept apart, in 4 bytes per parameter.
    /// </summary>
    public bool AddsInPlace { get; init; }

    /// <summary>
    /// Whether your code zeroes the gradients itself after each update, each skipped step and each exception, before it computes
    /// the next ones. Only for <see cref="AddsInPlace"/>, instead of <see cref="ModelOptimizerOptions.ZeroGradients"/>. Default
    /// false.
    /// </summary>
    public bool ZeroedByCaller { get; init; }
}
