namespace Optimizers.Training;

/// <summary>A tensor and its norms, for an <see cref="ITensorClip"/>.</summary>
public readonly record struct TensorNorms
{
    private readonly Norm _norm;

    internal TensorNorms(Parameter parameter, Norm norm, double gradientNorm)
    {
        _norm = norm;
        Parameter = parameter;
        GradientNorm = gradientNorm;
    }

    /// <summary>The parameter, with its name, shape and values. Do not write to it.</summary>
    public Parameter Parameter { get; }

    /// <summary>The number of elements that the norms cover: all elements of the parameter. In a table, the elements of the rows that
    /// have a gradient.</summary>
    public int Length => Parameter.Rows?.Length ?? Parameter.Length;

    /// <summary>The norm of the gradients, divided by the loss scale. In a table, the norm of the rows that have a gradient.</summary>
    public double GradientNorm { get; }

    /// <summary>The learning rate of the tensor in this update; NaN if the clip is applied in place.</summary>
    public double LearningRate { get; internal init; } = double.NaN;

    /// <summary>The weight decay of the tensor in this update; NaN if the clip is applied in place.</summary>
    public double WeightDecay { get; internal init; } = double.NaN;

    /// <summary>Measures the norm of the values, in a pass over them. In a table, the norm of the rows that have a gradient.</summary>
    /// <exception cref="InvalidOperationException">The values of the parameters are temporarily replaced: by an average or slow
    /// weights (SwapIn), between Sam.Ascend and the step, or during a step of L-BFGS.</exception>
    public double ValueNorm()
    {
        Parameter.RequireFreeValues();
        if (!Parameter.HasFloats)
        {
            return NormOfRoundedValues();
        }

        ReadOnlySpan<float> values = Parameter.Values;
        if (Parameter.Rows is not { } table)
        {
            return _norm.Finish(_norm.OfTensor(values));
        }

        NormPart whole = default;
        foreach (int row in table.Rows)
        {
            whole = _norm.Combine(whole, _norm.OfTensor(values.Slice(row * table.Width, table.Width)));
        }

        return _norm.Finish(whole);
    }

    private double NormOfRoundedValues()
    {
        Span<float> values = stackalloc float[Reductions.Block];
        NormPart whole = default;
        (int width, int rows) = Parameter.Rows is { } table ? (table.Width, table.Rows.Length) : (Parameter.Length, 1);
        for (int row = 0; row < rows; row++)
        {
            int start = (Parameter.Rows?.Rows[row] ?? 0) * width;
            for (int i = 0; i < width; i += Reductions.Block)
            {
                Span<float> block = values[..Math.Min(Reductions.Block, width - i)];
                Parameter.ReadValues(start + i, block);
                whole = _norm.Combine(whole, _norm.OfTensor(block));
            }
        }

        return _norm.Finish(whole);
    }
}
