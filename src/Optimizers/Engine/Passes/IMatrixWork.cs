namespace Optimizers.Engine;

/// <summary>
/// What an update does with a tensor as matrices, between its passes over elements: the third kind of rule. The passes read
/// what it leaves in the tensor's workspace.
/// </summary>
internal interface IMatrixWork
{
    /// <summary>Refuses a shape that it cannot do.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="name">What has it, for the message.</param>
    /// <exception cref="ArgumentException">It cannot.</exception>
    void Check(in TensorShape shape, string name)
    {
    }

    /// <summary>The slots of a tensor, if they are not those that the update names; otherwise null.</summary>
    IReadOnlyList<StateSlot>? SlotsFor(in TensorShape shape) => null;

    /// <summary>The memory of a tensor, in bytes, that nobody saves.</summary>
    nuint WorkspaceFor(in TensorShape shape);

    /// <summary>What the passes see of the state, if it is not the slots themselves; otherwise null.</summary>
    Slot[]? View(in TensorShape shape, in SlotAddresses slots) => null;

    /// <summary>What comes before the measuring pass.</summary>
    void Before(in TensorJob job, ITaskRunner runner)
    {
    }

    /// <summary>What comes after it.</summary>
    void After(in TensorJob job, in MeasuredSums sums, ITaskRunner runner)
    {
    }
}

/// <summary>Pieces of work that do not depend on each other.</summary>
internal interface ITasks
{
    void Run(int task, int widestLane);
}

/// <summary>Has the threads of a step do such pieces.</summary>
internal interface ITaskRunner
{
    /// <summary>Does all tasks, and returns when they are done.</summary>
    /// <param name="tasks">The tasks.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="effort">How much they are, in elements streamed through memory.</param>
    void Run(ITasks tasks, int count, long effort);
}
