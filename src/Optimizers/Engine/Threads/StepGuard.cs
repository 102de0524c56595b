namespace Optimizers.Engine;

/// <summary>Lets one caller at a time into the steps of an optimizer, and throws for a second one.</summary>
internal struct StepGuard
{
    private int _inside;

    public void Enter()
    {
        if (Interlocked.Exchange(ref _inside, 1) != 0)
        {
            throw new InvalidOperationException("This optimizer is in a step already: another thread uses it, or code that the step calls has called it again. Use it on one thread at a time, and not from within its own steps.");
        }
    }

    public void Leave() => Volatile.Write(ref _inside, 0);
}
