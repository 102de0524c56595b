namespace Optimizers.Schedules;

/// <summary>The same rate always.</summary>
/// <remarks><code>v(k) = Value</code></remarks>
public sealed record Constant : ILrSchedule
{
    /// <summary>Makes the schedule.</summary>
    /// <param name="value">The rate. Finite, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The rate is out of its range.</exception>
    public Constant(double value)
    {
        Require.NonNegative(value);
        Value = value;
    }

    /// <summary>The rate.</summary>
    public double Value { get; }

    /// <inheritdoc/>
    public double At(long step)
    {
        Require.AtLeast(step, 0);
        return Value;
    }
}
