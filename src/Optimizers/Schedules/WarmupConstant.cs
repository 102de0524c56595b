namespace Optimizers.Schedules;

/// <summary>A linear warmup to the peak, then a constant rate.</summary>
/// <remarks>
/// <code>
/// v(k) = Start + (Peak − Start)·min(k/WarmupSteps, 1)
/// </code>
/// <para>The first update uses Start, so with the default of 0 it moves nothing. The first update that uses the peak is k =
/// WarmupSteps; the rate then stays at the peak. Without a warmup all updates use the peak, as in the transformers library;
/// in optax all updates then use Start.</para>
/// </remarks>
public sealed record WarmupConstant : ILrSchedule, INamed
{
    /// <summary>Creates the schedule.</summary>
    /// <param name="peak">The rate from the end of the warmup on. Finite, at least 0.</param>
    /// <param name="warmupSteps">The number of updates before the peak, at least 0.</param>
    /// <param name="start">The rate of the first update. At least 0, at most <paramref name="peak"/>; default 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public WarmupConstant(double peak, long warmupSteps, double start = 0)
    {
        Require.NonNegative(peak);
        Require.AtLeast(warmupSteps, 0);
        Require.NonNegative(start);
        Require.AtMostOther(start, peak, Curve.ToBeginHigher);
        Peak = peak;
        WarmupSteps = warmupSteps;
        Start = start;
    }

    /// <summary>The rate from the end of the warmup on.</summary>
    public double Peak { get; }

    /// <summary>The index of the first update at the peak.</summary>
    public long WarmupSteps { get; }

    /// <summary>The rate of the first update.</summary>
    public double Start { get; }

    /// <inheritdoc/>
    public double At(long step)
    {
        Require.AtLeast(step, 0);
        return Curve.Line(Start, Peak, Curve.Progress(step, 0, WarmupSteps));
    }

    internal static NamedType Named { get; } = new NamedType<WarmupConstant>(new WarmupConstantContract());

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(WarmupConstant), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class WarmupConstantContract : JsonSerializerContext;
