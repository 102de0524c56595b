namespace Optimizers.Schedules;

/// <summary>A linear warmup to the peak, then a decay with the inverse square root of the time.</summary>
/// <remarks>
/// <para>Zhai et al. 2022, arXiv 2106.04560, as in the transformers library.</para>
/// <code>
/// s = Timescale; default: WarmupSteps, or 10,000 if WarmupSteps is 0
/// v(k) = Peak·k/WarmupSteps                          for k &lt; WarmupSteps
/// v(k) = Peak·√(s/(k − WarmupSteps + s))             afterwards
/// </code>
/// <para>The first update uses 0, and only the update k = WarmupSteps uses the peak; without a warmup the first update uses
/// the peak. The decay never ends; the rate tends to 0. 3s updates after the peak, the rate is half of the peak.</para>
/// </remarks>
public sealed record InverseSquareRoot : ILrSchedule, INamed
{
    /// <summary>Creates the schedule.</summary>
    /// <param name="peak">The rate at the end of the warmup. Finite, at least 0.</param>
    /// <param name="warmupSteps">The number of updates before the peak, at least 0.</param>
    /// <param name="timescale">The timescale s in updates. Finite, above 0; default null: <paramref
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

    /// <summary>The timescale s in updates; null if none was given.</summary>
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
