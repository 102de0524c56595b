namespace Optimizers.Schedules;

/// <summary>A linear warmup to the peak, then a linear decay to the floor.</summary>
/// <remarks>
/// <code>
/// v(k) = Start + (Peak − Start)·k/WarmupSteps                  for k &lt; WarmupSteps
/// v(k) = Peak + (Floor − Peak)·t afterwards,
///        t = min((k − WarmupSteps)/(TotalSteps − WarmupSteps), 1)
/// </code>
/// <para>The first update uses Start, so with the default of 0 it moves nothing. The first update that uses the peak is k =
/// WarmupSteps, and the first that uses the floor is k = TotalSteps; the rate then stays at the floor. This is the schedule
/// of the transformers library, in which Start and Floor are 0.</para>
/// </remarks>
public sealed record WarmupLinear : ILrSchedule, INamed
{
    /// <summary>Creates the schedule.</summary>
    /// <param name="peak">The rate at the end of the warmup. Finite, at least 0.</param>
    /// <param name="warmupSteps">The number of updates before the peak, at least 0.</param>
    /// <param name="totalSteps">The number of updates until the floor is reached, including the warmup; more than
    /// <paramref name="warmupSteps"/>.</param>
    /// <param name="floor">The final rate. At least 0, at most <paramref name="peak"/>; default 0.</param>
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
            : Curve.Line(Peak, Floor, Curve.Progress(step, WarmupSteps, TotalSteps - WarmupSteps));
    }

    internal static NamedType Named { get; } = new NamedType<WarmupLinear>(new WarmupLinearContract());

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(WarmupLinear), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class WarmupLinearContract : JsonSerializerContext;
