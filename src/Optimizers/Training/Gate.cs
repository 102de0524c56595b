namespace Optimizers.Training;

/// <summary>Lets in one caller at a time, and throws for a second thread and for a nested call.</summary>
internal sealed class Gate(string who)
{
    private int _taken;

    /// <summary>Enters until the returned turn is disposed.</summary>
    public Turn Enter() => Interlocked.Exchange(ref _taken, 1) == 0
        ? new Turn(this)
        : throw new InvalidOperationException($"{who} is in a call already: another thread uses it, or code that the call runs has called it again. Use it on one thread at a time, and not from within its own calls.");

    public readonly ref struct Turn(Gate gate) : IDisposable
    {
        public void Dispose() => Volatile.Write(ref gate._taken, 0);
    }
}
