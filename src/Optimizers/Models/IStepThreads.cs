namespace Optimizers;

/// <summary>
/// Threads of another library on which steps can run. An autograd engine keeps its threads awake for some milliseconds after a
/// backward pass, so a step on the same threads starts at once. On other threads it would have to wake them, and would compete with
/// the engine's threads for the processors.
/// </summary>
/// <remarks>The results do not depend on the threads. See <see cref="ParameterSet.StepThreads"/>.</remarks>
public interface IStepThreads
{
    /// <summary>The number of threads, including the caller's. Below 2, a step uses threads of the .NET thread pool.</summary>
    int Count { get; }

    /// <summary>
    /// Calls a function once for each number from 0 to <paramref name="count"/> − 1: for 0 on the calling thread, for the others on other
    /// threads at the same time. Returns when all calls have returned. Numbers other than 0 may be left out: the other calls then do
    /// their work.
    /// </summary>
    /// <param name="count">The number of calls, at least 2 and at most <see cref="Count"/>.</param>
    /// <param name="work">The function. It does not throw.</param>
    void Run(int count, Action<int> work);
}
