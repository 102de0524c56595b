namespace Optimizers;

/// <summary>What happens around the update of a model.</summary>
public sealed record ModelOptimizerOptions
{
    /// <summary>The schedule of the rate for all groups without one of their own. Default null: the rates of the groups' options.</summary>
    public ILrSchedule? Schedule { get; init; }

    /// <summary>Clips the gradients of all parameters together. Default null: no clipping.</summary>
    public ClipByGlobalNorm? Clip { get; init; }

    /// <summary>
    /// Whether a step leaves all gradients of the set zero, for code that adds to them; done while they are in registers.
    /// Default false. Gradient buffers may not overlap then.
    /// </summary>
    public bool ZeroGradients { get; init; }

    /// <summary>
    /// The number of threads that a step uses at most; 0, the default: as many as there are processors. Small models stay
    /// on the caller's thread; the result is the same bits in any case.
    /// </summary>
    public int Threads { get; init; }
}
