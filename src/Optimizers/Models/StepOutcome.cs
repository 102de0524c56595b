namespace Optimizers;

/// <summary>The outcome of a step.</summary>
public enum StepOutcome
{
    /// <summary>Parameters were updated.</summary>
    Applied,

    /// <summary>Every parameter was frozen or had no gradient, or a flush found nothing accumulated.</summary>
    NothingToUpdate,

    /// <summary>
    /// The step was skipped because a gradient was not finite or the loss scale was too large to divide by. Parameters, state,
    /// counters and schedules are unchanged.
    /// </summary>
    Skipped,

    /// <summary>The gradients were added to those of earlier micro-batches; a later step updates the parameters.</summary>
    Accumulated,
}
