namespace Optimizers.Training;

/// <summary>Values and companions in each other's place, until it is disposed of.</summary>
internal sealed class Swap : IDisposable
{
    private AuxiliaryTensors? _companions;

    public Swap(AuxiliaryTensors companions, Predicate<AuxiliaryTensor> which, string guest)
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
