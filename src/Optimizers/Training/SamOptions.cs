namespace Optimizers.Training;

/// <summary>The options of <see cref="Sam"/>.</summary>
public sealed record SamOptions
{
    /// <summary>
    /// ρ, the distance from the parameters at which the second gradient is taken. Finite, at least 0; default 0.05, as in the paper.
    /// With 0 both gradients are the same, and a step is that of the wrapped optimizer. The adaptive form is usually used with a
    /// value ten times as large.
    /// </summary>
    public double Rho { get; init; } = 0.05;

    /// <summary>
    /// Whether distance is measured relative to the size of each weight: ASAM, Kwon et al. 2021, arXiv 2102.11600. Default false.
    /// </summary>
    public bool Adaptive { get; init; }

    /// <summary>The largest number of threads of an ascent; 0 means one thread for each processor. At least 0; default 0.</summary>
    public int Threads { get; init; }
}
