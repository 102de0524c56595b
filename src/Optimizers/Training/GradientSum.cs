namespace Optimizers.Training;

/// <summary>The sum of the gradients of a parameter over the micro-batches of an update.</summary>
internal sealed unsafe class GradientSum(Parameter parameter, OptimizerState state, SlotBuffer? buffer)
{
    private bool _changed;

    public Parameter Parameter { get; } = parameter;

    public OptimizerState State { get; } = state;

    public bool HasGradient { get; set; }

    /// <summary>Null where sums are kept in the gradients themselves.</summary>
    public float* Address => buffer is { } own ? (float*)own.Address : null;

    public Span<float> Values => buffer is { } own ? own.Span<float>(0, Parameter.Length) : Parameter.Gradients;

    /// <summary>
    /// Has the parameter take part if it had a gradient in any micro-batch: also if it has none now, and when flushing not
    /// because it has one now.
    /// </summary>
    public void Lend(bool flushes)
    {
        bool has = Parameter.HasGradient;
        _changed = has != (HasGradient || (has && !flushes));
        Parameter.HasGradient ^= _changed;
        if (buffer is not null && HasGradient && (flushes || !has))
        {
            // What stands there is not of this update.
            Parameter.Gradients.Clear();
        }
    }

    /// <summary>Gives the parameter back what the user has said about its gradient.</summary>
    public void Return()
    {
        Parameter.HasGradient ^= _changed;
        _changed = false;
    }
}
