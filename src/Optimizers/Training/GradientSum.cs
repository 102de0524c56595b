namespace Optimizers.Training;

/// <summary>The sum of the gradients of a parameter over the micro-batches of an update.</summary>
internal sealed unsafe class GradientSum(Parameter parameter, OptimizerState state, SlotBuffer? buffer)
{
    private bool _changed;
    private (NumberBuffer Gradients, bool IsBuffer)? _replaced;

    public Parameter Parameter { get; } = parameter;

    public OptimizerState State { get; } = state;

    public bool HasGradient { get; set; }

    /// <summary>The address of the sums; null if they are kept in the gradient buffer.</summary>
    public float* Address => buffer is { } own ? (float*)own.Address : null;

    public Span<float> Values => buffer is { } own ? own.Span<float>(0, Parameter.Length) : Parameter.Gradients;

    /// <summary>Sets the sums to zero.</summary>
    public void Clear()
    {
        if (buffer is null)
        {
            Parameter.ZeroGradient();
        }
        else
        {
            Values.Clear();
        }
    }

    /// <summary>
    /// Marks the parameter as having a gradient if it had one in any micro-batch, also if it has none in the last. When flushing, a
    /// gradient that was not accumulated does not count. A parameter without a gradient buffer gets the sums as its gradients, and so does
    /// one with 16-bit gradients, which would round the sums.
    /// </summary>
    /// <returns>Whether the sums must be added to the gradients of the parameter.</returns>
    public bool Lend(bool flushes)
    {
        bool has = Parameter.HasGradient;
        _changed = has != (HasGradient || (has && !flushes));
        Parameter.HasGradient ^= _changed;
        if (buffer is not null && HasGradient && (!Parameter.HasGradientBuffer || Parameter.HasRoundedGradients))
        {
            _replaced = Parameter.LendGradients(new NumberBuffer(Address, NumberFormat.Float32), isBuffer: true);
        }
        else if (buffer is not null && HasGradient && (flushes || !has))
        {
            // These gradients do not belong to this update.
            Parameter.Gradients.Clear();
        }

        return buffer is not null && HasGradient && _replaced is null;
    }

    /// <summary>Restores the gradient buffer, and the user's own setting of whether the parameter has a gradient.</summary>
    public void Return()
    {
        if (_replaced is { } former)
        {
            Values.Clear();
            Parameter.LendGradients(former.Gradients, former.IsBuffer);
            _replaced = null;
        }

        Parameter.HasGradient ^= _changed;
        _changed = false;
    }
}
