namespace Optimizers.Schedules;

/// <summary>A linear warmup, many updates at the peak, then a short decay to the floor (a trapezoid).</summary>
/// <remarks>
/// <para>Hu et al. 2024, arXiv 2404.06395; the decay by 1 − √t: Hägele et al. 2024, arXiv 2405.18392. As in the
/// transformers library.</para>
/// <code>
/// v(k) = Floor + (Peak − Floor)·k/WarmupSteps        for k &lt; WarmupSteps
/// v(k) = Peak                                        for the next StableSteps
/// v(k) = DecayShape from Peak to Floor               for the next DecaySteps
/// </code>
/// <para>The first update uses Floor, not 0. The first update that uses the peak is k = WarmupSteps, and the first that uses
/// the floor is k = WarmupSteps + StableSteps + DecaySteps; the rate then stays at the floor. You can extend a run while it
/// is in progress: schedules that differ only in StableSteps are the same until the first of them decays.</para>
/// </remarks>
public sealed record WarmupStableDecay : ILrSchedule, INamed
{
    /// <summary>Creates the schedule.</summary>
    /// <param name="peak">The rate at the end of the warmup. Finite, at least 0.</param>
    /// <param name="warmupSteps">The number of updates before the peak, at least 0.</param>
    /// <param name="stableSteps">The number of updates at the peak, at least 0.</param>
    /// <param name="decaySteps">The number of updates from the peak until the floor is reached, at least 0; at least 1 if
    /// <paramref name="stableSteps"/> is 0.</param>
    /// <param name="floor">The first and the final rate. At least 0, at most <paramref name="peak"/>; default 0.</param>
    /// <param name="decayShape">The shape of the decay. Default linear; the transformers library has a
    /// cosine.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public WarmupStableDecay(
        double peak, long warmupSteps, long stableSteps, long decaySteps, double floor = 0,
        CurveShape decayShape = CurveShape.Linear)
    {
        Require.NonNegative(peak);
        Require.AtLeast(warmupSteps, 0);
        Require.AtLeast(stableSteps, 0);
        Require.AtLeast(decaySteps, 0);
        Require.NonNegative(floor);
        Require.AtMostOther(floor, peak, Curve.ToRise);
        Require.Defined(decayShape);
        if (stableSteps == 0 && decaySteps == 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(stableSteps),
                stableSteps,
                $"{nameof(stableSteps)} and {nameof(decaySteps)} are both 0, so no update would use {nameof(peak)}, which is {peak}. Set one of them to at least 1.");
        }

        Peak = peak;
        WarmupSteps = warmupSteps;
        StableSteps = stableSteps;
        DecaySteps = decaySteps;
        Floor = floor;
        DecayShape = decayShape;
    }

    /// <summary>The rate at the end of the warmup.</summary>
    public double Peak { get; }

    /// <summary>The index of the first update at the peak.</summary>
    public long WarmupSteps { get; }

    /// <summary>The number of updates at the peak.</summary>
    public long StableSteps { get; }

    /// <summary>The number of updates from the peak until the floor is reached.</summary>
    public long DecaySteps { get; }

    /// <summary>The first and the final rate.</summary>
    public double Floor { get; }

    /// <summary>The shape of the decay.</summary>
    public CurveShape DecayShape { get; }

    /// <inheritdoc/>
    public double At(long step)
    {
        Require.AtLeast(step, 0);
        return step < WarmupSteps
            ? Curve.Line(Floor, Peak, (double)step / WarmupSteps)
            : Curve.Between(DecayShape, Peak, Floor, Curve.Progress(step - WarmupSteps, StableSteps, DecaySteps));
    }

    internal static NamedType Named { get; } = new NamedType<WarmupStableDecay>(new WarmupStableDecayContract());

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(WarmupStableDecay), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class WarmupStableDecayContract : JsonSerializerContext;
