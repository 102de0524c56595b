namespace Optimizers.Schedules;

/// <summary>A line up to the peak, then a decay with the inverse square root of the time.</summary>
/// <remarks>
/// <para>Zhai et al. 2022, arXiv 2106.04560, as in the transformers library.</para>
/// <code>
/// s = Timescale, or WarmupSteps without one, or 10,000 without either
/// v(k) = Peak·k/WarmupSteps                          for k &lt; WarmupSteps
/// v(k) = Peak·√(s/(k − WarmupSteps + s))             afterwards
/// </code>
/// <para>The first update is at 0, and the peak is reached at k = WarmupSteps alone; without a warmup the first
/// update is at the peak. It goes on for ever, towards 0: after 3s further updates the rate has halved.</para>
/// </remarks>
public sealed record InverseSquareRoot : ILrSchedule, INamed
{
    /// <summary>Makes the schedule.</summary>
    /// <param name="peak">The rate at the end of the warmup. Finite, at least 0.</param>
    /// <param name="warmupSteps">The number of updates before the peak, at least 0.</param>
    /// <param name="timescale">The number s of updates. Finite, above 0; default null: <paramref
    /// name="warmupSteps"/>, or 10,000 if that is 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public InverseSquareRoot(double peak, long warmupSteps, double? timescale = null)
    {
        Require.NonNegative(peak);
        Require.AtLeast(warmupSteps, 0);
        if (timescale is { } given)
        {
            Require.Positive(given, nameof(timescale));
        }

        Peak = peak;
        WarmupSteps = warmupSteps;
        Timescale = timescale;
    }

    /// <summary>The rate at the end of the warmup.</summary>
    public double Peak { get; }

    /// <summary>The index of the update at the peak.</summary>
    public long WarmupSteps { get; }

    /// <summary>The number s of updates, if one was given.</summary>
    public double? Timescale { get; }

    /// <inheritdoc/>
    public double At(long step)
    {
        Require.AtLeast(step, 0);
        if (step < WarmupSteps)
        {
            return Curve.Line(0, Peak, (double)step / WarmupSteps);
        }

        double timescale = Timescale ?? (WarmupSteps > 0 ? WarmupSteps : 10_000);
        return Peak * Math.Sqrt(timescale / (step - WarmupSteps + timescale));
    }

    internal static NamedType Named { get; } = new NamedType<InverseSquareRoot>(new InverseSquareRootContract());

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(InverseSquareRoot), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class InverseSquareRootContract : JsonSerializerContext;
