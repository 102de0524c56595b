using global::TorchSharp.Modules;

namespace Optimizers.TorchSharp;

/// <summary>Finds the embeddings of a module whose gradients are sparse. TorchSharp does not keep the option, so a lookup is tried.</summary>
internal static class SparseModules
{
    /// <summary>The names of the parameters with sparse gradients.</summary>
    public static HashSet<string> NamesIn(TorchModule module)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach ((string name, TorchModule part, TorchParameter weight) in ModuleParameters.EmbeddingsIn(module))
        {
            if (weight.requires_grad && weight.numel() > 0 && HasSparseGradient(part, weight))
            {
                names.Add(name);
            }
        }

        return names;
    }

    // Looks up row 0 and differentiates, without calling hooks. A lookup with max_norm scales the row, so it is restored.
    private static bool HasSparseGradient(TorchModule part, TorchParameter weight)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor? former = weight.grad;
        Tensor row;
        using (torch.no_grad())
        {
            row = weight[0].clone();
            weight.grad = null;
        }

        try
        {
            using (torch.enable_grad())
            {
                Tensor first = torch.zeros([1], torch.ScalarType.Int64);
                Tensor output = part switch
                {
                    Embedding embedding => embedding.forward(first),
                    EmbeddingBag bag => bag.forward(first, torch.zeros([1], torch.ScalarType.Int64), null),
                    _ => throw new ArgumentException("The module is no embedding.", nameof(part)),
                };
                output.sum().backward();
            }

            using Tensor? gradient = weight.grad;
            return gradient is { is_sparse: true };
        }
        finally
        {
            using IDisposable withoutGraph = torch.no_grad();
            weight[0].copy_(row);
            weight.grad = former;
        }
    }
}
