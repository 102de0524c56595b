namespace Optimizers.Schedules;

/// <summary>A linear warmup to the peak, then half a cosine down to the floor.</summary>
/// <remarks>
/// <code>
/// v(k) = Start + (Peak − Start)·k/WarmupSteps                      for k &lt; WarmupSteps
/// v(k) = Floor + (Peak − Floor)·(1 + cos πt)/2 afterwards,
///        t = min((k − WarmupSteps)/(TotalSteps − WarmupSteps), 1)
/// </code>
/// <para>The first update uses Start, so with the default of 0 it moves nothing. The first update that uses the peak is
/// k = WarmupSteps. After TotalSteps updates the rate stays at the floor, as in optax.</para>
/// </remarks>
public sealed record WarmupCosine : ILrSchedule, INamed
{
    /// <summary>Creates the schedule.</summary>
    /// <param name="peak">The rate at the end of the warmup. Finite, at least 0.</param>
    /// <param name="warmupSteps">The number of updates before the peak, at least 0.</param>
    /// <param name="totalSteps">The number of updates until the floor is reached, including the warmup; more than
    /// <paramref name="warmupSteps"/>.</param>
    /// <param name="floor">The final rate. At least 0, at most <paramref name="peak"/>; default 0.</param>
    /// <param name="start">The rate of the first update. At least 0, at most <paramref name="peak"/>; default 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public WarmupCosine(double peak, long warmupSteps, long totalSteps, double floor = 0, double start = 0)
    {
        Require.NonNegative(peak);
        Require.AtLeast(warmupSteps, 0);
        Require.AboveOther(totalSteps, warmupSteps);
        Require.NonNegative(floor);
        Require.NonNegative(start);
        Require.AtMostOther(floor, peak, Curve.ToRise);
        Require.AtMostOther(start, peak, Curve.ToBeginHigher);
        Peak = peak;
        WarmupSteps = warmupSteps;
        TotalSteps = totalSteps;
        Floor = floor;
        Start = start;
    }

    /// <summary>The rate at the end of the warmup.</summary>
    public double Peak { get; }

    /// <summary>The index of the first update at the peak.</summary>
    public long WarmupSteps { get; }

    /// <summary>The number of updates until the floor is reached, including the warmup.</summary>
    public long TotalSteps { get; }

    /// <summary>The rate from <see cref="TotalSteps"/> on.</summary>
    public double Floor { get; }

    /// <summary>The rate of the first update.</summary>
    public double Start { get; }

    /// <inheritdoc/>
    public double At(long step)
    {
        Require.AtLeast(step, 0);
        return step < WarmupSteps
            ? Curve.Line(Start, Peak, (double)step / WarmupSteps)
            : Curve.HalfCosine(Peak, Floor, Curve.Progress(step, WarmupSteps, TotalSteps - WarmupSteps));
    }

    internal static NamedType Named { get; } = new NamedType<WarmupCosine>(new WarmupCosineContract());

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(WarmupCosine), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class WarmupCosineContract : JsonSerializerContext;
