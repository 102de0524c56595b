namespace Optimizers.Engine;

/// <summary>
/// The third kind of rule: how an optimizer works on a tensor as matrices, between its passes over elements. Immutable, like the
/// definition that it belongs to.
/// </summary>
internal interface IMatrixDefinition
{
    /// <summary>Throws if the optimizer cannot work on a shape.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="name">The parameter as text for a message.</param>
    /// <exception cref="ArgumentException">The optimizer cannot work on the shape.</exception>
    void Check(in TensorShape shape, string name)
    {
    }

    /// <summary>The slots of a tensor, if they differ from those of the definition; otherwise null.</summary>
    IReadOnlyList<StateSlot>? SlotsFor(in TensorShape shape) => null;

    /// <summary>Whether one float for each element is kept between the passes.</summary>
    bool KeepsElements => false;

    /// <summary>The size of additional memory of a tensor, in bytes. Checkpoints do not save it.</summary>
    nuint WorkspaceFor(in TensorShape shape) => 0;

    /// <summary>
    /// The size of the memory that <see cref="MatrixWork"/> needs for one tensor, in bytes. The tensors of a group share it, so a group has
    /// the memory of its largest tensor.
    /// </summary>
    nuint SharedWorkspaceFor(in TensorShape shape) => 0;

    /// <summary>The state for the passes, if it differs from the slots themselves; otherwise null.</summary>
    Slot[]? View(in TensorShape shape, IReadOnlyList<Slot> slots, in SlotAddresses addresses) => null;

    /// <summary>Makes the work of one group. It may have memory of its own.</summary>
    MatrixWork NewWork();
}

/// <summary>The work on matrices in the steps of one group.</summary>
internal abstract class MatrixWork
{
    /// <summary>Runs before the measuring pass.</summary>
    public virtual void Before(in TensorJob job, ITaskRunner runner)
    {
    }

    /// <summary>Runs after the measuring pass.</summary>
    public virtual void After(in TensorJob job, in MeasuredSums sums, ITaskRunner runner)
    {
    }
}

/// <summary>A number of independent tasks.</summary>
internal interface ITasks
{
    void Run(int task, int widestLane);
}

/// <summary>Runs tasks on the threads of a step.</summary>
internal interface ITaskRunner
{
    /// <summary>Runs all tasks, and returns when they are done.</summary>
    /// <param name="tasks">The tasks.</param>
    /// <param name="count">The number of tasks.</param>
    /// <param name="effort">Their total cost, in elements streamed through memory.</param>
    void Run(ITasks tasks, int count, long effort);
}
