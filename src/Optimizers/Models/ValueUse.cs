namespace Optimizers;

/// <summary>The current use of the values of a parameter set. Only one user at a time can replace or hold them.</summary>
internal sealed class ValueUse
{
    /// <summary>
    /// Why the values are temporarily replaced, as a sentence for an exception; null if they are not. The code that sets it
    /// restores the values, and then sets it to null.
    /// </summary>
    public string? ReplacedBecause { get; set; }

    /// <summary>Why a checkpoint reads or writes the values, as a sentence for an exception; null if no checkpoint
    /// does.</summary>
    public string? HeldBecause { get; set; }

    /// <summary>
    /// Whether a rate search is taking steps that it will undo. A checkpoint would then save values that belong to no run.
    /// </summary>
    public bool IsOnTrial { get; set; }

    /// <summary>Throws if the values are replaced, or a checkpoint uses them.</summary>
    /// <exception cref="InvalidOperationException">The values are replaced or in use.</exception>
    public void RequireFree()
    {
        RequireNotReplaced();
        if (HeldBecause is not null)
        {
            throw new InvalidOperationException($"The values of the parameters are in use: {HeldBecause}");
        }
    }

    /// <summary>Throws if the values are replaced, for code that reads or writes them.</summary>
    /// <exception cref="InvalidOperationException">The values are replaced.</exception>
    public void RequireNotReplaced()
    {
        if (ReplacedBecause is not null)
        {
            throw new InvalidOperationException($"The values of the parameters are temporarily replaced: {ReplacedBecause}");
        }
    }

    /// <summary>Throws if the values are not those of the run, for code that saves or loads them.</summary>
    /// <exception cref="InvalidOperationException">The values are replaced, in use, or those of a rate search.</exception>
    public void RequireOfTheRun()
    {
        RequireFree();
        if (IsOnTrial)
        {
            throw new InvalidOperationException(
                "A search for a learning rate is in progress and will undo its steps. Save or load before or after it.");
        }
    }
}
