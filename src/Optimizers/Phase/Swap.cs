namespace Optimizers;

/// <summary>Values and companions in each other's place, until it is disposed of.</summary>
internal sealed class Swap : IDisposable
{
    private Companions? _companions;

    public Swap(Companions companions, Predicate<Companion> which, string guest)
    {
        companions.Exchange(which, guest);
        _companions = companions;
    }

    public void Dispose()
    {
        _companions?.ExchangeBack();
        _companions = null;
    }
}
