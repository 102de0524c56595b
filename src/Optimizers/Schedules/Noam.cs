namespace Optimizers.Schedules;

/// <summary>The schedule of the original Transformer: a linear warmup, then a decay with the inverse square root of the time,
/// scaled by the width of the model.</summary>
/// <remarks>
/// <para>Vaswani et al. 2017, arXiv 1706.03762, section 5.3, equation 3; n is the paper's step.</para>
/// <code>
/// v(k) = Factor·ModelSize^−½·min(n^−½, n·WarmupSteps^−1.5), n = k + 1
/// </code>
/// <para>Unlike other warmups, this warmup counts from 1, so the first update moves the parameters. The peak,
/// Factor/√(ModelSize·WarmupSteps), is at k = WarmupSteps − 1. Without a warmup the first update uses the peak. The decay
/// never ends; the rate tends to 0.</para>
/// </remarks>
public sealed record Noam : ILrSchedule, INamed
{
    /// <summary>Creates the schedule.</summary>
    /// <param name="modelSize">The width of the model, at least 1.</param>
    /// <param name="warmupSteps">The number of updates up to the peak, at least 0.</param>
    /// <param name="factor">A factor on the rate. Finite, at least 0; default 1, as in the paper.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public Noam(long modelSize, long warmupSteps, double factor = 1)
    {
        Require.AtLeast(modelSize, 1);
        Require.AtLeast(warmupSteps, 0);
        Require.NonNegative(factor);
        ModelSize = modelSize;
        WarmupSteps = warmupSteps;
        Factor = factor;
    }

    /// <summary>The width of the model.</summary>
    public long ModelSize { get; }

    /// <summary>The number of updates up to the peak.</summary>
    public long WarmupSteps { get; }

    /// <summary>A factor on the rate.</summary>
    public double Factor { get; }

    /// <inheritdoc/>
    public double At(long step)
    {
        Require.AtLeast(step, 0);
        double n = step + 1.0;
        double rising = n / (WarmupSteps * Math.Sqrt(WarmupSteps));
        return Factor / Math.Sqrt(ModelSize) * Math.Min(1 / Math.Sqrt(n), rising);
    }

    internal static NamedType Named { get; } = new NamedType<Noam>(new NoamContract());

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(Noam), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class NoamContract : JsonSerializerContext;
