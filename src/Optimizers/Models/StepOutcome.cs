namespace Optimizers;

/// <summary>What became of a step.</summary>
public enum StepOutcome
{
    /// <summary>Parameters were updated.</summary>
    Applied,

    /// <summary>Every parameter was frozen or had no gradient, or a flush found nothing accumulated.</summary>
    NothingToUpdate,

    /// <summary>
    /// A gradient was not finite, or the loss scale too large to divide by; parameters, state, counters and schedules are as they
    /// were.
    /// </summary>
    Skipped,

    /// <summary>The gradients were added to those of earlier micro-batches; the update is still to come.</summary>
    Accumulated,
}
