namespace Optimizers.Schedules;

/// <summary>A rate that changes from one value to another with a power of the remaining time; optax's
/// polynomial_schedule.</summary>
/// <remarks>
/// <code>
/// v(k) = End + (Start − End)·(1 − t)^Power, t = clamp(k − Begin, 0, Steps)/Steps
/// </code>
/// <para>Updates up to Begin, including the first, use Start; the first update that uses End is k = Begin + Steps. The rate
/// then stays at End. With Power 1 the schedule is <see cref="Linear"/>; with End 0 it is PyTorch's PolynomialLR.</para>
/// </remarks>
public sealed record Polynomial : ILrSchedule, INamed
{
    /// <summary>Creates the schedule.</summary>
    /// <param name="start">The rate of the first update. Finite, at least 0.</param>
    /// <param name="end">The final rate, below or above <paramref name="start"/>. Finite, at least 0.</param>
    /// <param name="power">The power. Finite, above 0; above 1, the rate changes fastest at the start.</param>
    /// <param name="steps">The number of updates from the first rate to the final one, at least 1.</param>
    /// <param name="begin">The index at which the change begins, at least 0; default 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public Polynomial(double start, double end, double power, long steps, long begin = 0)
    {
        Require.NonNegative(start);
        Require.NonNegative(end);
        Require.Positive(power);
        Require.AtLeast(steps, 1);
        Require.AtLeast(begin, 0);
        Start = start;
        End = end;
        Power = power;
        Steps = steps;
        Begin = begin;
    }

    /// <summary>The rate of the first update.</summary>
    public double Start { get; }

    /// <summary>The final rate.</summary>
    public double End { get; }

    /// <summary>The power.</summary>
    public double Power { get; }

    /// <summary>The number of updates from the first rate to the final one.</summary>
    public long Steps { get; }

    /// <summary>The index at which the change begins.</summary>
    public long Begin { get; }

    /// <inheritdoc/>
    public double At(long step)
    {
        Require.AtLeast(step, 0);
        long left = Steps - Math.Clamp(step - Begin, 0, Steps);
        return Curve.Line(End, Start, Math.Pow((double)left / Steps, Power));
    }

    internal static NamedType Named { get; } = new NamedType<Polynomial>(new PolynomialContract());

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(Polynomial), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class PolynomialContract : JsonSerializerContext;
