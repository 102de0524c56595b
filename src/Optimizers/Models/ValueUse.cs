namespace Optimizers;

/// <summary>Who may use the values of a parameter set at present. Only one of them can at a time.</summary>
internal sealed class ValueUse
{
    /// <summary>
    /// Why the values are temporarily replaced, as a sentence for an exception; null if they are not. The code that sets it puts the
    /// values back, and then sets it to null.
    /// </summary>
    public string? ReplacedBecause { get; set; }

    /// <summary>Why a checkpoint reads or writes the values, as a sentence for an exception; null if none does.</summary>
    public string? HeldBecause { get; set; }

    /// <summary>
    /// Whether a search for a rate takes steps that it will undo. A file would then hold values of no run.
    /// </summary>
    public bool IsOnTrial { get; set; }

    /// <summary>Refuses work on values that are replaced, or in use by a checkpoint.</summary>
    /// <exception cref="InvalidOperationException">They are.</exception>
    public void RequireOwn()
    {
        RequireNotReplaced();
        if (HeldBecause is not null)
        {
            throw new InvalidOperationException($"The parameters are in use: {HeldBecause}");
        }
    }

    /// <summary>Refuses to read or write values that are replaced.</summary>
    /// <exception cref="InvalidOperationException">They are.</exception>
    public void RequireNotReplaced()
    {
        if (ReplacedBecause is not null)
        {
            throw new InvalidOperationException($"The parameters do not hold their own values now: {ReplacedBecause}");
        }
    }

    /// <summary>Refuses to save or load values that are not those of the run.</summary>
    /// <exception cref="InvalidOperationException">They are not.</exception>
    public void RequireOfTheRun()
    {
        RequireOwn();
        if (IsOnTrial)
        {
            throw new InvalidOperationException(
                "A search for a learning rate is under way, which will undo its steps. Save or load before it or after it.");
        }
    }
}
