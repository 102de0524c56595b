namespace Optimizers.Training;

/// <summary>
/// The gradients of a tensor, for an <see cref="IRewritingClip"/>. A table is given row by row, each row as a tensor of one dimension.
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

    /// <summary>The parameter: its name, for example. Do not write to it.</summary>
    public Parameter Parameter { get; }

    /// <summary>The index of the row in its table; null if the parameter is no table.</summary>
    public int? Row { get; }

    /// <summary>The length of each dimension; none for a scalar, one for a row of a table.</summary>
    public ReadOnlySpan<int> Shape => Row is null ? Parameter.Dimensions : Parameter.Dimensions[1..];

    /// <summary>The gradients without the loss scale, row-major: read and write them.</summary>
    public Span<float> Gradients { get; }

    /// <summary>The values of the same elements.</summary>
    public ReadOnlySpan<float> Values { get; }

    /// <summary>The learning rate that the tensor is updated with; NaN where the clip is applied in place.</summary>
    public double LearningRate { get; internal init; } = double.NaN;

    /// <summary>The weight decay that the tensor is updated with; NaN where the clip is applied in place.</summary>
    public double WeightDecay { get; internal init; } = double.NaN;
}
