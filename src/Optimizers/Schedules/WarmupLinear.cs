namespace Optimizers.Schedules;

/// <summary>A line up to the peak, then a line down to the floor.</summary>
/// <remarks>
/// <code>
/// v(k) = Start + (Peak − Start)·k/WarmupSteps                  for k &lt; WarmupSteps
/// v(k) = Peak + (Floor − Peak)·t afterwards,
///        t = min((k − WarmupSteps)/(TotalSteps − WarmupSteps), 1)
/// </code>
/// <para>The first update is at Start, so with the default of 0 it moves nothing; the peak is first reached at k =
/// WarmupSteps, and the floor at k = TotalSteps, from where it is held. So in the transformers library, whose Start
/// and Floor are 0.</para>
/// </remarks>
public sealed record WarmupLinear : ILrSchedule, INamed
{
    /// <summary>Makes the schedule.</summary>
    /// <param name="peak">The rate at the end of the warmup. Finite, at least 0.</param>
    /// <param name="warmupSteps">The number of updates before the peak, at least 0.</param>
    /// <param name="totalSteps">The number of updates until the floor is reached, warmup included; more than
    /// <paramref name="warmupSteps"/>.</param>
    /// <param name="floor">The rate from then on. At least 0, at most <paramref name="peak"/>; default 0.</param>
    /// <param name="start">The rate of the first update. At least 0, at most <paramref name="peak"/>; default 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public WarmupLinear(double peak, long warmupSteps, long totalSteps, double floor = 0, double start = 0)
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

    /// <summary>The number of updates until the floor is reached, warmup included.</summary>
    public long TotalSteps { get; }

    /// <summary>The rate after the last of them.</summary>
    public double Floor { get; }

    /// <summary>The rate of the first update.</summary>
    public double Start { get; }

    /// <inheritdoc/>
    public double At(long step)
    {
        Require.AtLeast(step, 0);
        return step < WarmupSteps
            ? Curve.Line(Start, Peak, (double)step / WarmupSteps)
            : Curve.Line(Peak, Floor, Curve.Progress(step, WarmupSteps, TotalSteps - WarmupSteps));
    }

    internal static NamedType Named { get; } = new NamedType<WarmupLinear>(new WarmupLinearContract());

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(WarmupLinear), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class WarmupLinearContract : JsonSerializerContext;
