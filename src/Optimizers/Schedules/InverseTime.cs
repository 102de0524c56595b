namespace Optimizers.Schedules;

/// <summary>A rate that decays with the inverse of the time, smoothly or in a staircase; Keras'
/// InverseTimeDecay.</summary>
/// <remarks>
/// <code>
/// v(k) = Initial/(1 + DecayRate·q), q = k/DecaySteps        Staircase: ⌊q⌋
/// </code>
/// <para>The first update uses Initial, which is the peak. The decay never ends; the rate tends to 0.</para>
/// </remarks>
public sealed record InverseTime : ILrSchedule, INamed
{
    /// <summary>Creates the schedule.</summary>
    /// <param name="initial">The rate of the first update. Finite, at least 0.</param>
    /// <param name="decaySteps">The number of updates in one unit of time, at least 1.</param>
    /// <param name="decayRate">The amount that one unit of time adds to the divisor. Finite, at least 0.</param>
    /// <param name="staircase">Whether the rate changes only after every <paramref name="decaySteps"/> updates.
    /// Default false.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public InverseTime(double initial, long decaySteps, double decayRate, bool staircase = false)
    {
        Require.NonNegative(initial);
        Require.AtLeast(decaySteps, 1);
        Require.NonNegative(decayRate);
        Initial = initial;
        DecaySteps = decaySteps;
        DecayRate = decayRate;
        Staircase = staircase;
    }

    /// <summary>The rate of the first update.</summary>
    public double Initial { get; }

    /// <summary>The number of updates in one unit of time.</summary>
    public long DecaySteps { get; }

    /// <summary>The amount that one unit of time adds to the divisor.</summary>
    public double DecayRate { get; }

    /// <summary>Whether the rate changes only after every DecaySteps updates.</summary>
    public bool Staircase { get; }

    /// <inheritdoc/>
    public double At(long step)
    {
        Require.AtLeast(step, 0);
        double time = Staircase ? step / DecaySteps : (double)step / DecaySteps;
        return Initial / (1 + (DecayRate * time));
    }

    internal static NamedType Named { get; } = new NamedType<InverseTime>(new InverseTimeContract());

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(InverseTime), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class InverseTimeContract : JsonSerializerContext;
