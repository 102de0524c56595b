using System.Runtime.InteropServices;
using global::TorchSharp;

namespace Optimizers.Benchmarks;

/// <summary>Loads libtorch, which only compare --torch needs.</summary>
internal static class TorchLibrary
{
    /// <summary>Loads libtorch.</summary>
    /// <returns>Null, or a message with the reason why that is not possible and what to do.</returns>
    public static string? Load() => Explain(() =>
    {
        // If TorchSharp does not find libtorch, it looks for it in the package cache and copies it, so check first that it is beside the program.
        NativeLibrary.Load("torch_cpu", typeof(torch).Assembly, null);
        NativeLibrary.Load("LibTorchSharp", typeof(torch).Assembly, null);
        torch.InitializeDeviceType(DeviceType.CPU);
        using torch.Tensor tensor = torch.zeros(1);
    });

    /// <summary>Returns a message if an action cannot load libtorch, or null.</summary>
    public static string? Explain(Action load) => LoadFailure.ReasonOf(load) is { } reason
        ? $"compare --torch needs libtorch, which cannot be loaded: {reason}. Run it with dotnet run from the project Optimizers.Benchmarks on Linux x64. "
            + "On another system, first add the package of its libtorch to Optimizers.Benchmarks.csproj, for example libtorch-cpu-win-x64. The other commands do not need it."
        : null;
}
