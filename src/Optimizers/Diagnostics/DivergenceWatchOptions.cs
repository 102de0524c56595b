namespace Optimizers.Diagnostics;

/// <summary>The options of <see cref="DivergenceWatch"/>.</summary>
public sealed record DivergenceWatchOptions
{
    /// <summary>
    /// How many losses are compared with how many. At least 20, at most a million; default 100. More for noisier losses; an
    /// epoch, where epochs are short.
    /// </summary>
    public int Window { get; init; } = 100;

    /// <summary>
    /// How often a recent loss has to be above one of the best window for the loss to count as rising. Above 0.5, below 1; default
    /// 0.8: about nine standard errors for a window of 100.
    /// </summary>
    public double RisingShare { get; init; } = 0.8;

    /// <summary>
    /// The part of the progress so far that has to be lost for the loss to count as rising. At least 0; default 0.05.
    /// </summary>
    public double LeastRise { get; init; } = 0.05;

    /// <summary>
    /// How often a recent loss has to be below one of the earlier window for the loss to count as falling. Above 0.5, below 1;
    /// default 0.6: about two and a half standard errors for a window of 100.
    /// </summary>
    public double FallingShare { get; init; } = 0.6;

    /// <summary>
    /// The part of the loss that has to go while the run gets two to four times as long, for it to count as falling. At least 0;
    /// default 0.005.
    /// </summary>
    public double LeastFall { get; init; } = 0.005;

    /// <summary>
    /// How far above its beginning the loss has to stay to have exploded, in units of the loss at the beginning, of the progress
    /// so far or of the noise, whichever is largest. Above 0; default 2: three times the first losses.
    /// </summary>
    public double ExplosionFactor { get; init; } = 2;
}
