using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Optimizers.Benchmarks;

/// <summary>The C kernels, compiled for this processor when a C compiler is there.</summary>
internal sealed unsafe class NativeKernels
{
    private readonly nint _library;

    private NativeKernels(nint library) => _library = library;

    public delegate void Kernel(Buffers buffers, in KernelOptions options);

    /// <summary>Compiles and loads the kernels.</summary>
    /// <returns>Null, with the reason, where that cannot be done.</returns>
    public static NativeKernels? TryLoad(out string reason)
    {
        string source = Path.Combine(AppContext.BaseDirectory, "Native", "kernels.c");
        string library = Path.Combine(AppContext.BaseDirectory, "Native", "kernels.so");
        try
        {
            using Process compiler = Process.Start(
                new ProcessStartInfo(
                    "cc", ["-O3", "-march=native", "-ffp-contract=off", "-shared", "-fPIC", source, "-o", library, "-lm"])
                {
                    RedirectStandardError = true,
                })!;
            string errors = compiler.StandardError.ReadToEnd();
            compiler.WaitForExit();
            reason = compiler.ExitCode == 0 ? "" : $"the C compiler failed: {errors}";
            return compiler.ExitCode == 0 ? new NativeKernels(NativeLibrary.Load(library)) : null;
        }
        catch (Exception exception) when (exception is System.ComponentModel.Win32Exception or DllNotFoundException)
        {
            reason = $"there is no C compiler that works here ({exception.Message})";
            return null;
        }
    }

    public Kernel this[string name]
    {
        get
        {
            var function = (delegate* unmanaged<float*, float*, float*, float*, nuint, KernelOptions*, void>)
                NativeLibrary.GetExport(_library, name);
            return (Buffers b, in KernelOptions options) =>
            {
                fixed (KernelOptions* o = &options)
                {
                    function(b.Parameters, b.Gradients, b.First, b.Second, (nuint)b.Length, o);
                }
            };
        }
    }
}

/// <summary>The scalars of one step, as the C kernels and the hand-written loops take them.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct KernelOptions(double rate, double beta1, double beta2, double epsilon, double decay)
{
    public readonly float Rate = (float)rate;
    public readonly float Beta1 = (float)beta1;
    public readonly float Gain1 = (float)(1 - beta1);
    public readonly float Beta2 = (float)beta2;
    public readonly float Gain2 = (float)(1 - beta2);
    public readonly float StepSize = (float)(rate / (1 - beta1));
    public readonly float Scale = (float)(1 / (1 - beta1));
    public readonly float RootScale = (float)(1 / Math.Sqrt(1 - beta2));
    public readonly float Epsilon = (float)epsilon;
    public readonly float Factor = (float)(1 - (rate * decay));
    public readonly float Decay = (float)decay;
}
