namespace Optimizers.Training;

/// <summary>
/// The factor that a loss was multiplied by before its gradients were taken. A step divides the gradients by it.
/// </summary>
/// <remarks>
/// <para>A type of its own, without a conversion from <see cref="double"/>: a learning rate that is passed to a step of a model
/// does not compile. <c>default</c> is a scale of 1.</para>
/// <para>A wrapper of your own passes the value on as it is, and so keeps <see cref="MicroBatches"/>.</para>
/// </remarks>
/// <example>
/// <code>
/// optimizer.Step(new LossScale(65_536));
/// </code>
/// </example>
public readonly record struct LossScale
{
    // 0 stands for 1, so that the default is a scale of 1 and equals one that is made.
    private readonly double _factor;
    private readonly long _furtherMicroBatches;

    /// <summary>Makes a loss scale.</summary>
    /// <param name="factor">The factor. Above 0, and with an inverse that is a normal float: from about 3e-39 to 8.5e37.</param>
    /// <exception cref="ArgumentOutOfRangeException">The factor is not in this range.</exception>
    public LossScale(double factor)
    {
        if (!Require.IsScale(factor))
        {
            throw new ArgumentOutOfRangeException(
                nameof(factor),
                factor,
                $"A loss scale of {factor} cannot be used: it must be above 0, with an inverse that is a normal float (from about 3e-39 to 8.5e37).");
        }

        _factor = factor == 1 ? 0 : factor;
    }

    /// <summary>What the loss was multiplied by.</summary>
    public double Factor => _factor == 0 ? 1 : _factor;

    /// <summary>
    /// The number of micro-batches whose gradients were added up. A step divides by it too, so that it sees their mean. At least
    /// 1, the default; a <see cref="GradientAccumulator"/> sets it.
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

    /// <summary>What the gradients are divided by.</summary>
    internal double Divisor => Factor * MicroBatches;
}
