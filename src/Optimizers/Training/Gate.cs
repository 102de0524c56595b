namespace Optimizers.Training;

/// <summary>Lets one caller in at a time: no second thread, and nobody from within.</summary>
internal sealed class Gate(string who)
{
    private int _taken;

    /// <summary>Enters until the turn is disposed of.</summary>
    public Turn Enter() => Interlocked.Exchange(ref _taken, 1) == 0
        ? new Turn(this)
        : throw new InvalidOperationException($"{who} is at work already: another thread is in it, or it has been called again from within. Use it on one thread at a time.");

    public readonly ref struct Turn(Gate gate) : IDisposable
    {
        public void Dispose() => Volatile.Write(ref gate._taken, 0);
    }
}
