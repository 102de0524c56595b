using global::TorchSharp.Modules;

namespace Optimizers.TorchSharp;

/// <summary>The parameters of a module, as its forward pass uses them.</summary>
internal static class ModuleParameters
{
    /// <summary>
    /// The parameters of <c>named_parameters()</c>. For an embedding that was made by <c>from_pretrained</c>, TorchSharp 0.107 lists
    /// another tensor there than the one that is looked up; the latter takes its place.
    /// </summary>
    public static IEnumerable<(string Name, TorchParameter Parameter)> In(TorchModule module)
    {
        var weights = EmbeddingsIn(module).ToDictionary(embedding => embedding.Name, embedding => embedding.Weight, StringComparer.Ordinal);
        foreach ((string name, TorchParameter parameter) in module.named_parameters())
        {
            bool isOther = weights.TryGetValue(name, out TorchParameter? weight) && !parameter.IsInvalid
                && TorchNative.Implementation(weight.Handle) != TorchNative.Implementation(parameter.Handle);
            yield return (name, isOther ? weight! : parameter);
        }
    }

    /// <summary>The embeddings of a module, with the name and the tensor of their weights.</summary>
    public static IEnumerable<(string Name, TorchModule Part, TorchParameter Weight)> EmbeddingsIn(TorchModule module)
    {
        foreach ((string name, TorchModule part) in module.named_modules().Prepend((string.Empty, module)).DistinctBy(pair => pair.Item1))
        {
            if (WeightOf(part) is { IsInvalid: false } weight)
            {
                yield return (name.Length == 0 ? "weight" : $"{name}.weight", part, weight);
            }
        }
    }

    private static TorchParameter? WeightOf(TorchModule part)
    {
        try
        {
            return part switch
            {
                Embedding embedding => embedding.weight,
                EmbeddingBag bag => bag.weight,
                _ => null,
            };
        }
        catch (ObjectDisposedException)
        {
            return null;
        }
    }
}
