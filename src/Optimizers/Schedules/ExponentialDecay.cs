namespace Optimizers.Schedules;

/// <summary>A rate that is multiplied by a factor in the course of every DecaySteps updates, smoothly or in a staircase;
/// optax's exponential_decay.</summary>
/// <remarks>
/// <code>
/// q = max(k − Begin, 0)/DecaySteps                     Staircase: ⌊q⌋
/// v(k) = Initial·DecayRate^q, but at least Floor        DecayRate &gt; 1: at most Floor
/// </code>
/// <para>Updates up to Begin, including the first, use Initial, which is the peak if DecayRate is at most 1. Without a floor
/// the change never ends. A floor that Initial has already passed throws; in optax the rate is then the floor from k = 0 on.
/// With a DecayRate of 1 the rate is constant; optax would use the floor.</para>
/// </remarks>
public sealed record ExponentialDecay : ILrSchedule, INamed
{
    /// <summary>Creates the schedule.</summary>
    /// <param name="initial">The rate until the decay begins. Finite, at least 0.</param>
    /// <param name="decaySteps">The number of updates for one multiplication by the factor, at least 1.</param>
    /// <param name="decayRate">The factor. Finite, above 0; if it is above 1, the rate grows.</param>
    /// <param name="staircase">Whether the rate changes only after every <paramref name="decaySteps"/> updates.
    /// Default false.</param>
    /// <param name="begin">The index at which the decay begins, at least 0; default 0.</param>
    /// <param name="floor">The lower limit of the rate, at most <paramref name="initial"/>; if the rate grows, the upper
    /// limit, at least <paramref name="initial"/>. Finite, at least 0; default null: no limit.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public ExponentialDecay(
        double initial, long decaySteps, double decayRate, bool staircase = false, long begin = 0,
        double? floor = null)
    {
        Require.NonNegative(initial);
        Require.AtLeast(decaySteps, 1);
        Require.Positive(decayRate);
        Require.AtLeast(begin, 0);
        if (floor is { } bound)
        {
            Require.NonNegative(bound, nameof(floor));
            if (decayRate < 1)
            {
                Require.AtMostOther(bound, initial, "The rate falls, so the floor cannot be above its start.", nameof(floor));
            }
            else if (decayRate > 1)
            {
                Require.AtLeast(bound, initial, nameof(floor));
            }
        }

        Initial = initial;
        DecaySteps = decaySteps;
        DecayRate = decayRate;
        Staircase = staircase;
        Begin = begin;
        Floor = floor;
    }

    /// <summary>The rate until the decay begins.</summary>
    public double Initial { get; }

    /// <summary>The number of updates for one multiplication by the factor.</summary>
    public long DecaySteps { get; }

    /// <summary>The factor.</summary>
    public double DecayRate { get; }

    /// <summary>Whether the rate changes only after every DecaySteps updates.</summary>
    public bool Staircase { get; }

    /// <summary>The index at which the decay begins.</summary>
    public long Begin { get; }

    /// <summary>The lower limit of a falling rate, or the upper limit of a growing one; null if there is none.</summary>
    public double? Floor { get; }

    /// <inheritdoc/>
    public double At(long step)
    {
        Require.AtLeast(step, 0);
        long decaying = Math.Max(step - Begin, 0);
        double rate = Staircase || Initial == 0
            ? Curve.Geometric(Initial, DecayRate, decaying / DecaySteps)
            : Initial * Math.Pow(DecayRate, (double)decaying / DecaySteps);
        return Floor is { } floor
            ? DecayRate <= 1 ? Math.Max(rate, floor) : Math.Min(rate, floor)
            : rate;
    }

    internal static NamedType Named { get; } = new NamedType<ExponentialDecay>(new ExponentialDecayContract());

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(ExponentialDecay), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class ExponentialDecayContract : JsonSerializerContext;
