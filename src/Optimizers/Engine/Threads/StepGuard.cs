namespace Optimizers.Engine;

/// <summary>Lets one thread at a time into the steps of an optimizer; a second one is refused.</summary>
internal struct StepGuard
{
    private int _inside;

    public void Enter()
    {
        if (Interlocked.Exchange(ref _inside, 1) != 0)
        {
            throw new InvalidOperationException("This optimizer is in a step already: another thread is in it, or the step has called it again. Use it on one thread at a time.");
        }
    }

    public void Leave() => Volatile.Write(ref _inside, 0);
}
