namespace Optimizers.Training;

/// <summary>
/// The factor that a loss was multiplied by before its gradients were taken. A step divides the gradients by it.
/// </summary>
/// <remarks>
/// <para>It is a separate type, without a conversion from <see cref="double"/>, so that code which passes a learning rate to the step
/// of a model does not compile. <c>default</c> is a scale of 1.</para>
/// <para>A wrapper of your own should pass the value on unchanged, because it also holds <see cref="MicroBatches"/>.</para>
/// </remarks>
/// <example>
/// <code>
/// optimizer.Step(new LossScale(65_536));
/// </code>
/// </example>
public readonly record struct LossScale
{
    // 0 means 1, so that the default value is a scale of 1 and equals new LossScale(1).
    private readonly double _factor;
    private readonly long _furtherMicroBatches;

    /// <summary>Makes a loss scale.</summary>
    /// <param name="factor">The factor. It is above 0, and its inverse must be a normal float: from about 3e-39 to 8.5e37.</param>
    /// <exception cref="ArgumentOutOfRangeException">The factor is outside this range.</exception>
    public LossScale(double factor)
    {
        if (!Require.IsScale(factor))
        {
            throw new ArgumentOutOfRangeException(
                nameof(factor),
                factor,
                $"A loss scale of {factor} cannot be used: it must be above 0, and its inverse must be a normal float (from about 3e-39 to 8.5e37).");
        }

        _factor = factor == 1 ? 0 : factor;
    }

    /// <summary>The factor that the loss was multiplied by.</summary>
    public double Factor => _factor == 0 ? 1 : _factor;

    /// <summary>
    /// The number of micro-batches whose gradients were added up. A step also divides by it, so that it uses their mean. At least
    /// 1; default 1. A <see cref="GradientAccumulator"/> sets it.
    /// </summary>
    public long MicroBatches
    {
        get => _furtherMicroBatches + 1;
        init
        {
            Require.AtLeast(value, 1, nameof(MicroBatches));
            _furtherMicroBatches = value - 1;
        }
    }

    /// <summary>The number that the gradients are divided by.</summary>
    internal double Divisor => Factor * MicroBatches;
}
