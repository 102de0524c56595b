using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Optimizers;

/// <summary>Steps with tensors and a copy of the state, for any optimizer.</summary>
public static class OptimizerExtensions
{
    /// <summary>Updates parameters that are held as dense tensors; parameters and gradients have the same shape.</summary>
    /// <inheritdoc cref="IOptimizer.Step(Span{float}, ReadOnlySpan{float}, double)"/>
    /// <exception cref="ArgumentException">The shapes differ, a tensor is strided, a length differs from the optimizer's, or
    /// buffers overlap. Nothing has changed.</exception>
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
                $"The parameters have the shape {Shape(parameters)}, but the gradients have the shape {Shape(gradients)}.", nameof(gradients));
        }

        ReadOnlySpan<float> dense = Dense(parameters, nameof(parameters));
        optimizer.Step(
            MemoryMarshal.CreateSpan(ref MemoryMarshal.GetReference(dense), dense.Length),
            Dense(gradients, nameof(gradients)),
            learningRate);
    }

    /// <summary>Updates parameters that are held as dense tensors, with the rate of the optimizer's own options.</summary>
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
                $"The tensor of shape {Shape(tensor)} is strided or longer than a span. Copy it into a dense tensor, step with the copy, and copy the result back.", name);
        }

        return tensor.IsEmpty
            ? []
            : MemoryMarshal.CreateReadOnlySpan(in tensor.GetPinnableReference(), (int)tensor.FlattenedLength);
    }

    private static string Shape(in ReadOnlyTensorSpan<float> tensor) =>
        $"[{string.Join(", ", tensor.Lengths.ToArray())}]";
}
