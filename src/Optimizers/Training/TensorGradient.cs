namespace Optimizers.Training;

/// <summary>
/// The gradients of a tensor, for an <see cref="IRewritingClip"/>. A table is passed row by row, each row as a tensor of one dimension.
/// </summary>
public readonly ref struct TensorGradient
{
    internal TensorGradient(Parameter parameter, int? row, Span<float> gradients, ReadOnlySpan<float> values)
    {
        Parameter = parameter;
        Row = row;
        Gradients = gradients;
        Values = values;
    }

    /// <summary>The parameter, with its name and settings. Do not write to it.</summary>
    public Parameter Parameter { get; }

    /// <summary>The index of the row in its table; null if the parameter is not a table.</summary>
    public int? Row { get; }

    /// <summary>The length of each dimension; empty for a scalar, one length for a row of a table.</summary>
    public ReadOnlySpan<int> Shape => Row is null ? Parameter.Dimensions : Parameter.Dimensions[1..];

    /// <summary>The gradients, divided by the loss scale, row-major. They can be read and written.</summary>
    public Span<float> Gradients { get; }

    /// <summary>The values of the same elements.</summary>
    public ReadOnlySpan<float> Values { get; }

    /// <summary>The learning rate of the tensor in this update; NaN if the clip is applied in place.</summary>
    public double LearningRate { get; internal init; } = double.NaN;

    /// <summary>The weight decay of the tensor in this update; NaN if the clip is applied in place.</summary>
    public double WeightDecay { get; internal init; } = double.NaN;
}
