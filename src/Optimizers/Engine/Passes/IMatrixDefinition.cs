namespace Optimizers.Engine;

/// <summary>
/// How an optimizer works on a tensor as matrices, between its passes over elements: the third kind of rule. Immutable, like the
/// definition that it belongs to.
/// </summary>
internal interface IMatrixDefinition
{
    /// <summary>Refuses a shape that it cannot work on.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="name">The parameter, in the words of a message.</param>
    /// <exception cref="ArgumentException">It cannot.</exception>
    void Check(in TensorShape shape, string name)
    {
    }

    /// <summary>The slots of a tensor, if they are not those of the definition; otherwise null.</summary>
    IReadOnlyList<StateSlot>? SlotsFor(in TensorShape shape) => null;

    /// <summary>Whether the passes keep one float for each element between them.</summary>
    bool KeepsElements => false;

    /// <summary>Other memory of a tensor, in bytes, that is not saved either.</summary>
    nuint WorkspaceFor(in TensorShape shape) => 0;

    /// <summary>The state as the passes see it, if that is not the slots themselves; otherwise null.</summary>
    Slot[]? View(in TensorShape shape, IReadOnlyList<Slot> slots, in SlotAddresses addresses) => null;

    /// <summary>Makes the work of one group, which may keep memory of its own.</summary>
    MatrixWork NewWork();
}

/// <summary>The work on matrices in the steps of one group.</summary>
internal abstract class MatrixWork
{
    /// <summary>Runs before the measuring pass.</summary>
    public virtual void Before(in TensorJob job, ITaskRunner runner)
    {
    }

    /// <summary>Runs after it.</summary>
    public virtual void After(in TensorJob job, in MeasuredSums sums, ITaskRunner runner)
    {
    }
}

/// <summary>Pieces of work that do not depend on each other.</summary>
internal interface ITasks
{
    void Run(int task, int widestLane);
}

/// <summary>Runs such pieces on the threads of a step.</summary>
internal interface ITaskRunner
{
    /// <summary>Does all tasks, and returns when they are done.</summary>
    /// <param name="tasks">The tasks.</param>
    /// <param name="count">The number of tasks.</param>
    /// <param name="effort">Their size, in elements streamed through memory.</param>
    void Run(ITasks tasks, int count, long effort);
}
