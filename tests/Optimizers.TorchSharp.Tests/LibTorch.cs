using System.Runtime.InteropServices;
using Optimizers.Benchmarks;

namespace Optimizers.TorchSharp.Tests;

/// <summary>Whether libtorch can be loaded here.</summary>
internal static class LibTorch
{
    /// <summary>The library of TorchSharp that P/Invoke loads on Linux, beside the tests.</summary>
    public static string LinuxLibrary => Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native", "libLibTorchSharp.so");

    /// <summary>Why libtorch cannot be loaded, as one sentence on one line; null if it can.</summary>
    public static string? LoadError { get; } = Explain(Load);

    /// <summary>What an attempt to load says when it fails.</summary>
    public static string? Explain(Action load) =>
        LoadFailure.ReasonOf(load) is { } reason ? $"libtorch cannot be loaded: {reason}." : null;

    private static void Load()
    {
        if (OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64)
        {
            // The dynamic linker's message names the cause. TorchSharp's blames a missing package.
            NativeLibrary.Load(LinuxLibrary);
        }

        torch.InitializeDeviceType(DeviceType.CPU);
        using Tensor tensor = torch.zeros(1);

        // The tensors of the tests are small, and the threads of libtorch would wait actively for each other.
        torch.set_num_threads(1);
    }
}
