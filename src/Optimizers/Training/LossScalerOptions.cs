namespace Optimizers.Training;

/// <summary>The options of <see cref="LossScaler"/>.</summary>
public sealed record LossScalerOptions
{
    /// <summary>The scale of the first step. Default 65,536, as in PyTorch.</summary>
    public double InitialScale { get; init; } = 65_536;

    /// <summary>The factor by which the scale grows after enough good steps. Above 1; default 2, as in PyTorch.</summary>
    public double GrowthFactor { get; init; } = 2;

    /// <summary>The factor by which the scale falls after an overflow. Above 0, below 1; default 0.5, as in PyTorch.</summary>
    public double BackoffFactor { get; init; } = 0.5;

    /// <summary>The number of good steps in a row after which the scale grows. At least 1; default 2,000, as in PyTorch.</summary>
    public int GrowthInterval { get; init; } = 2_000;

    /// <summary>
    /// The number of overflows since the scale last grew at which the scale falls for the first time. Each later overflow lowers it
    /// again. At least 1; default 1, as in PyTorch: every overflow lowers the scale. Megatron-LM uses 2.
    /// </summary>
    public int Hysteresis { get; init; } = 1;

    /// <summary>The lower bound of the scale. Default 1, as in DeepSpeed; PyTorch has no lower bound.</summary>
    public double MinimumScale { get; init; } = 1;

    internal void Validate()
    {
        Require.Scale(InitialScale);
        Require.Scale(MinimumScale);
        Require.AtLeast(GrowthInterval, 1);
        Require.AtLeast(Hysteresis, 1);
        if (!(GrowthFactor > 1) || !double.IsFinite(GrowthFactor))
        {
            throw new ArgumentOutOfRangeException(nameof(GrowthFactor), GrowthFactor, $"{nameof(GrowthFactor)} must be finite and above 1.");
        }

        if (!(BackoffFactor > 0 && BackoffFactor < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(BackoffFactor), BackoffFactor, $"{nameof(BackoffFactor)} must be above 0 and below 1.");
        }

        if (InitialScale < MinimumScale)
        {
            throw new ArgumentOutOfRangeException(
                nameof(InitialScale), InitialScale, $"{nameof(InitialScale)} must be at least {nameof(MinimumScale)}, which is {MinimumScale}.");
        }
    }
}
