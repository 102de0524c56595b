using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Optimizers;

/// <summary>Steps with tensors, and copying of state, for any optimizer.</summary>
public static class OptimizerExtensions
{
    /// <summary>Updates the parameters, held as tensors of the same shape that lie densely in memory.</summary>
    /// <inheritdoc cref="IOptimizer.Step(Span{float}, ReadOnlySpan{float}, double)"/>
    /// <exception cref="ArgumentException">The shapes differ, a tensor is strided, a length is not the optimizer's, or
    /// buffers overlap. Nothing has changed then.</exception>
    public static void Step(
        this IOptimizer optimizer,
        in TensorSpan<float> parameters,
        in ReadOnlyTensorSpan<float> gradients,
        double learningRate)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        if (!parameters.Lengths.SequenceEqual(gradients.Lengths))
        {
            throw new ArgumentException(
                $"The parameters have the shape {Shape(parameters)}, but the gradients {Shape(gradients)}.", nameof(gradients));
        }

        ReadOnlySpan<float> dense = Dense(parameters, nameof(parameters));
        optimizer.Step(
            MemoryMarshal.CreateSpan(ref MemoryMarshal.GetReference(dense), dense.Length),
            Dense(gradients, nameof(gradients)),
            learningRate);
    }

    /// <summary>Updates the parameters, held as tensors, at the rate of the optimizer's own options.</summary>
    /// <inheritdoc cref="Step(IOptimizer, in TensorSpan{float}, in ReadOnlyTensorSpan{float}, double)"/>
    public static void Step(
        this IOptimizer optimizer, in TensorSpan<float> parameters, in ReadOnlyTensorSpan<float> gradients)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        optimizer.Step(parameters, gradients, optimizer.LearningRate);
    }

    /// <summary>Copies the state of another optimizer of the same kind and length into this one, bit for bit.</summary>
    /// <returns>The optimizer itself.</returns>
    /// <exception cref="ArgumentException">The slots or the length differ.</exception>
    public static TOptimizer WithStateOf<TOptimizer>(this TOptimizer optimizer, IOptimizer source)
        where TOptimizer : IOptimizer
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        ArgumentNullException.ThrowIfNull(source);
        optimizer.State.Load(source.State.Save());
        return optimizer;
    }

    private static ReadOnlySpan<float> Dense(in ReadOnlyTensorSpan<float> tensor, string name)
    {
        if (!tensor.IsDense || tensor.FlattenedLength > int.MaxValue)
        {
            throw new ArgumentException(
                $"The tensor of shape {Shape(tensor)} is strided or longer than a span. Make a dense copy of it, step, and copy the result back.", name);
        }

        return tensor.IsEmpty
            ? []
            : MemoryMarshal.CreateReadOnlySpan(in tensor.GetPinnableReference(), (int)tensor.FlattenedLength);
    }

    private static string Shape(in ReadOnlyTensorSpan<float> tensor) =>
        $"[{string.Join(", ", tensor.Lengths.ToArray())}]";
}
