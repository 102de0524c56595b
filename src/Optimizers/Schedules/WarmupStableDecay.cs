namespace Optimizers.Schedules;

/// <summary>A line up to the peak, a long time at the peak, then a short way down: the trapezoid.</summary>
/// <remarks>
/// <para>Hu et al. 2024, arXiv 2404.06395; the decay by 1 − √t: Hägele et al. 2024, arXiv 2405.18392. As in the
/// transformers library.</para>
/// <code>
/// v(k) = Floor + (Peak − Floor)·k/WarmupSteps        for k &lt; WarmupSteps
/// v(k) = Peak                                        for the next StableSteps
/// v(k) = DecayShape from Peak to Floor               for the next DecaySteps
/// </code>
/// <para>The first update is at Floor, not at 0; the peak is first reached at k = WarmupSteps, and the floor at k =
/// WarmupSteps + StableSteps + DecaySteps, from where it is held. The end can be put off while a run lasts: all
/// schedules that differ in StableSteps alone are the same until the first of them decays.</para>
/// </remarks>
public sealed record WarmupStableDecay : ILrSchedule, INamed
{
    /// <summary>Makes the schedule.</summary>
    /// <param name="peak">The rate at the end of the warmup. Finite, at least 0.</param>
    /// <param name="warmupSteps">The number of updates before the peak, at least 0.</param>
    /// <param name="stableSteps">The number of updates at the peak, at least 0.</param>
    /// <param name="decaySteps">The number of updates from there until the floor is reached, at least 0; at least 1 if
    /// <paramref name="stableSteps"/> is 0.</param>
    /// <param name="floor">The rate at the start and in the end. At least 0, at most <paramref name="peak"/>; default 0.</param>
    /// <param name="decayShape">The shape of the way down. Default linear; the transformers library has a
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
                $"{nameof(stableSteps)} and {nameof(decaySteps)} are both 0, so no update would be at {nameof(peak)}, which is {peak}; one of them must be at least 1.");
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

    /// <summary>The number of updates from there until the floor is reached.</summary>
    public long DecaySteps { get; }

    /// <summary>The rate at the start and in the end.</summary>
    public double Floor { get; }

    /// <summary>The shape of the way down.</summary>
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
