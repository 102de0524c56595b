namespace Optimizers.Training;

/// <summary>Exchanges values and auxiliary tensors until it is disposed.</summary>
internal sealed class Swap : IDisposable
{
    private AuxiliaryTensors? _tensors;

    public Swap(AuxiliaryTensors tensors, Predicate<AuxiliaryTensor> which, string reason)
    {
        tensors.Exchange(which, reason);
        _tensors = tensors;
    }

    public void Dispose()
    {
        _tensors?.ExchangeBack();
        _tensors = null;
    }
}
