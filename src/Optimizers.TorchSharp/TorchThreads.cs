using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Optimizers.TorchSharp;

/// <summary>
/// The OpenMP threads of libtorch. After a backward pass they spin for some milliseconds, in which they answer within a microsecond. A
/// helper from the .NET thread pool would first have to wake up, and to wait for a processor that one of them uses.
/// </summary>
internal sealed unsafe class TorchThreads : IStepThreads
{
    /// <summary>The number of runs that the calling thread does alone after the first slow one. It doubles with each further slow run.</summary>
    public const int FirstRest = 32;

    private const int LongestRest = 1_024;

    // OpenMP waits for each of its threads. If other processes use the processors, that takes some milliseconds.
    private static readonly long _longestWait = Stopwatch.Frequency / 3_000;

    // libgomp, and the libraries that are compatible with it, export these functions under Linux.
    private static readonly delegate* unmanaged<delegate* unmanaged<nint, void>, nint, uint, uint, void> _parallel =
        (delegate* unmanaged<delegate* unmanaged<nint, void>, nint, uint, uint, void>)TorchNative.FindOptional("GOMP_parallel");

    private static readonly delegate* unmanaged<int> _threadNumber = (delegate* unmanaged<int>)TorchNative.FindOptional("omp_get_thread_num");

    private Action<int> _work = static _ => { };
    private long _callerDone;
    private int _rest;
    private int _nextRest = FirstRest;

    private TorchThreads()
    {
    }

    /// <summary>The number of threads that libtorch uses for its own operations.</summary>
    public int Count => torch.get_num_threads();

    /// <summary>Creates an instance for one optimizer; null if the OpenMP library of this libtorch is another one.</summary>
    public static TorchThreads? Create() => _parallel == null || _threadNumber == null ? null : new TorchThreads();

    /// <inheritdoc/>
    /// <remarks>After a run in which the caller waited long for the other threads, it does the work of some runs alone.</remarks>
    public void Run(int count, Action<int> work)
    {
        if (_rest > 0)
        {
            _rest--;
            work(0);
            return;
        }

        _work = work;
        long start = Stopwatch.GetTimestamp();
        GCHandle handle = GCHandle.Alloc(this);
        try
        {
            _parallel(&Work, GCHandle.ToIntPtr(handle), (uint)count, 0);
        }
        finally
        {
            handle.Free();
        }

        // A thread may still do its last share of a large step when the caller is done.
        long waited = Stopwatch.GetTimestamp() - _callerDone;
        if (waited > Math.Max(_longestWait, (_callerDone - start) / 2))
        {
            _rest = _nextRest;
            _nextRest = Math.Min(2 * _nextRest, LongestRest);
        }
        else
        {
            _nextRest = FirstRest;
        }
    }

    [UnmanagedCallersOnly]
    private static void Work(nint handle)
    {
        var threads = (TorchThreads)GCHandle.FromIntPtr(handle).Target!;
        int number = _threadNumber();
        threads._work(number);
        if (number == 0)
        {
            threads._callerDone = Stopwatch.GetTimestamp();
        }
    }
}
