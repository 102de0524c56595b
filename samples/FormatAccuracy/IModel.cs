using Optimizers;

namespace FormatAccuracy;

/// <summary>A model with its data. It computes in float32.</summary>
internal interface IModel : IDisposable
{
    /// <summary>The weights that the model computes with, and the gradients that it adds to, both in float32.</summary>
    ParameterSet Weights { get; }

    /// <summary>Adds the gradient of the mean loss of a batch, times a factor.</summary>
    /// <param name="step">The index of the batch.</param>
    /// <param name="factor">The factor: the loss scale.</param>
    void Learn(int step, double factor);

    /// <summary>Computes the mean loss of the test data in nats.</summary>
    double TestLoss();
}
