namespace Optimizers.Diagnostics;

/// <summary>The options of <see cref="DivergenceWatch"/>.</summary>
public sealed record DivergenceWatchOptions
{
    /// <summary>
    /// The number of losses in each of the windows that are compared. At least 20, at most a million; default 100. Use more for noisier
    /// losses. If epochs are short, use the number of steps in an epoch.
    /// </summary>
    public int Window { get; init; } = 100;

    /// <summary>
    /// The share of pairs in which a recent loss must be above a loss of the best window, for the loss to count as rising. Above 0.5,
    /// below 1; default 0.8: about nine standard errors for a window of 100.
    /// </summary>
    public double RisingShare { get; init; } = 0.8;

    /// <summary>
    /// The fraction of the progress so far that must be lost, for the loss to count as rising. At least 0; default 0.05.
    /// </summary>
    public double LeastRise { get; init; } = 0.05;

    /// <summary>
    /// The share of pairs in which a recent loss must be below a loss of the earlier window, for the loss to count as falling. Above 0.5,
    /// below 1; default 0.6: about two and a half standard errors for a window of 100.
    /// </summary>
    public double FallingShare { get; init; } = 0.6;

    /// <summary>
    /// The fraction by which the loss must fall, while the run becomes two to four times as long, to count as falling. At least 0;
    /// default 0.005.
    /// </summary>
    public double LeastFall { get; init; } = 0.005;

    /// <summary>
    /// How far above its start the loss must stay to count as exploded, as a multiple of the largest of three numbers: the
    /// loss at the start, the progress so far, and the noise. Above 0; default 2. With 2, the limit is three times the loss
    /// at the start, if this loss is the largest of the three numbers.
    /// </summary>
    public double ExplosionFactor { get; init; } = 2;
}
