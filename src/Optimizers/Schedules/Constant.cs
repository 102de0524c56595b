namespace Optimizers.Schedules;

/// <summary>A constant rate.</summary>
/// <remarks><code>v(k) = Value</code></remarks>
public sealed record Constant : ILrSchedule, INamed
{
    /// <summary>Creates the schedule.</summary>
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

    internal static NamedType Named { get; } = new NamedType<Constant>(new ConstantContract());

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(Constant), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class ConstantContract : JsonSerializerContext;
