using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Optimizers.Engine;

namespace Optimizers.Benchmarks;

/// <summary>The C kernels. They are compiled for this processor if the machine has a C compiler.</summary>
internal sealed unsafe class NativeKernels
{
    // The compilation takes two seconds on an idle machine.
    private static readonly TimeSpan _longestCompilation = TimeSpan.FromSeconds(15);

    private readonly nint _library;
    private readonly delegate* unmanaged<int, int> _begin;
    private readonly delegate* unmanaged<void> _end;

    private NativeKernels(nint library)
    {
        _library = library;
        _begin = (delegate* unmanaged<int, int>)NativeLibrary.GetExport(library, "team_begin");
        _end = (delegate* unmanaged<void>)NativeLibrary.GetExport(library, "team_end");
    }

    /// <summary>One step of one optimizer over many tensors, in pinned memory.</summary>
    public delegate void Kernel(NativeTensor[] tensors, in KernelScalars scalars, int threads);

    /// <summary>Compiles and loads the kernels.</summary>
    /// <returns>The kernels. Null, with the reason, if that is not possible.</returns>
    public static NativeKernels? TryLoad(out string reason)
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "Native");
        string library = Path.Combine(folder, "kernels.so");
        string[] arguments =
        [
            "-O3", "-march=native", "-ffp-contract=off", "-shared", "-fPIC",
            Path.Combine(folder, "kernels.c"), "-o", library, "-lm", "-lpthread",
        ];
        try
        {
            using Process compiler = Process.Start(
                new ProcessStartInfo("cc", arguments) { RedirectStandardError = true })!;
            Task<string> errors = compiler.StandardError.ReadToEndAsync();
            if (!compiler.WaitForExit(_longestCompilation))
            {
                compiler.Kill(entireProcessTree: true);
                reason = $"the C compiler took more than {_longestCompilation.TotalSeconds} s";
                return null;
            }

            reason = $"the C compiler failed: {errors.Result.Split('\n')[0]}";
            return compiler.ExitCode == 0 ? new NativeKernels(NativeLibrary.Load(library)) : null;
        }
        catch (Exception exception) when (exception is Win32Exception or DllNotFoundException)
        {
            reason = $"the C compiler cannot be started ({exception.Message})";
            return null;
        }
    }

    public Kernel this[string name]
    {
        get
        {
            var function = (delegate* unmanaged<NativeTensor*, nuint, KernelScalars*, int, void>)
                NativeLibrary.GetExport(_library, name);
            return (NativeTensor[] tensors, in KernelScalars scalars, int threads) =>
            {
                fixed (NativeTensor* t = tensors)
                fixed (KernelScalars* s = &scalars)
                {
                    function(t, (nuint)tensors.Length, s, threads);
                }
            };
        }
    }

    /// <summary>Starts the worker threads. They wait for passes until <see cref="EndTeam"/>.</summary>
    public void BeginTeam(int threads)
    {
        int error = _begin(threads);
        if (error != 0)
        {
            throw new Win32Exception(error);
        }
    }

    public void EndTeam() => _end();
}
