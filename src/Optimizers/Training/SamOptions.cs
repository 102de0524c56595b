namespace Optimizers.Training;

/// <summary>The options of <see cref="Sam"/>.</summary>
public sealed record SamOptions
{
    /// <summary>
    /// ρ, how far up the loss the second gradient is taken. Finite, at least 0; default 0.05, as in the paper. With 0 both
    /// gradients are the same, and a step is that of the optimizer within. The adaptive form
    /// is usually given ten times as much.
    /// </summary>
    public double Rho { get; init; } = 0.05;

    /// <summary>
    /// Whether distance is measured relative to each weight: ASAM, Kwon et al. 2021, arXiv 2102.11600. Default false.
    /// </summary>
    public bool Adaptive { get; init; }

    /// <summary>The number of threads of an ascent at most; 0, the default: as many as there are processors.</summary>
    public int Threads { get; init; }
}
