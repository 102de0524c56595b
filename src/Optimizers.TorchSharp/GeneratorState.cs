using System.Runtime.InteropServices;

namespace Optimizers.TorchSharp;

/// <summary>The state of torch's default random generator on the CPU, as a part of a checkpoint.</summary>
internal sealed class GeneratorState : ICheckpointed
{
    public void Describe(CheckpointManifest contents)
    {
        using Tensor state = torch.random.get_rng_state();
        byte[] bytes = state.bytes.ToArray();
        contents.Tensor("generator", [bytes.Length], () => bytes);
        contents.WhenLoaded(() =>
        {
            using Tensor loaded = torch.tensor(bytes, torch.ScalarType.Byte);
            torch.random.set_rng_state(loaded);
        });
    }
}
