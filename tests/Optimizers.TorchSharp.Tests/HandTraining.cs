namespace Optimizers.TorchSharp.Tests;

/// <summary>
/// A network that is trained by hand: its parameters are copied into a set of their own memory, and so are torch's gradients in each
/// step.
/// </summary>
internal sealed class HandTraining : IDisposable
{
    private readonly Network _network;

    public HandTraining(Network network)
    {
        _network = network;
        foreach ((string name, TorchParameter parameter) in network.named_parameters())
        {
            int[] shape = [.. parameter.shape.Select(length => (int)length)];
            parameter.Values().CopyTo(Set.Add(name, shape).Values);
        }
    }

    public ParameterSet Set { get; } = new();

    /// <summary>Computes the gradients of a batch at the values of the set, into the set.</summary>
    public double Backward(int batch)
    {
        Give();
        double loss = Networks.Backward(_network, batch);
        Take();
        return loss;
    }

    /// <summary>Copies torch's gradients into the set, and removes them.</summary>
    public void Take()
    {
        foreach ((string name, TorchParameter parameter) in _network.named_parameters())
        {
            float[]? gradient = parameter.Gradient();
            Set[name].HasGradient = gradient is not null;
            gradient?.CopyTo(Set[name].Gradients);
        }

        _network.zero_grad();
    }

    /// <summary>Copies the values of the set into the network.</summary>
    public void Give()
    {
        using IDisposable withoutGraph = torch.no_grad();
        foreach ((string name, TorchParameter parameter) in _network.named_parameters())
        {
            using Tensor values = torch.tensor(Set[name].Values.ToArray());
            using Tensor shaped = values.reshape(parameter.shape);
            parameter.copy_(shaped);
        }
    }

    public void Dispose() => Set.Dispose();
}
