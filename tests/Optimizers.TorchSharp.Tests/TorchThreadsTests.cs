using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using global::TorchSharp.Modules;
using Optimizers.Training;

namespace Optimizers.TorchSharp.Tests;

/// <summary>Steps run on the OpenMP threads of libtorch.</summary>
public sealed class TorchThreadsTests
{
    [TorchFact]
    public void LibtorchForLinuxHasThem() =>
        (TorchThreads.Create() is not null).Should().Be(RuntimeInformation.IsOSPlatform(OSPlatform.Linux));

    [TorchFact]
    public void EachNumberRunsOnAThreadOfItsOwnAndNumber0OnTheCallers()
    {
        if (TorchThreads.Create() is not { } torchThreads)
        {
            return;
        }

        var threads = new ConcurrentDictionary<int, int>();
        using var all = new Barrier(2);
        torchThreads.Run(2, number =>
        {
            // Neither call can end before the other has begun. Without a second thread the test fails after the wait.
            if (all.SignalAndWait(TimeSpan.FromMinutes(1)))
            {
                threads[number] = Environment.CurrentManagedThreadId;
            }
        });
        threads.Keys.Should().BeEquivalentTo([0, 1]);
        threads[0].Should().Be(Environment.CurrentManagedThreadId);
        threads[1].Should().NotBe(threads[0]);
    }

    [TorchFact]
    public void CallerWorksAloneForAWhileAfterALongWait()
    {
        if (TorchThreads.Create() is not { } threads)
        {
            return;
        }

        threads.Run(2, number => Thread.Sleep(number == 1 ? 20 : 0));
        int others = 0;
        for (int run = 0; run < TorchThreads.FirstRest; run++)
        {
            threads.Run(2, number => others += number);
        }

        others.Should().Be(0);
        threads.Run(2, number => others += number);
        others.Should().Be(1);
    }

    // The state of elements whose gradients vanish decays to the smallest numbers. OpenMP threads that flush denormal numbers to zero
    // would give other bits.
    [TorchFact]
    public void StepsHaveTheSameBitsWithOneAndTwoThreads()
    {
        int before = torch.get_num_threads();
        try
        {
            torch.set_num_threads(2);
            Train(threads: 2).Should().Equal(Train(threads: 1));
        }
        finally
        {
            torch.set_num_threads(before);
        }
    }

    [TorchFact]
    public void CollectionsDuringStepsAreSafe()
    {
        int before = torch.get_num_threads();
        using var stop = new CancellationTokenSource();
        var collector = new Thread(() =>
        {
            // A full collection takes a tenth of a second in this process, so most collections are of the youngest generation, and the steps
            // get a millisecond between two of them.
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                GC.Collect(i % 20 == 0 ? GC.MaxGeneration : 0);
                Thread.Sleep(1);
            }
        });
        try
        {
            torch.set_num_threads(2);
            collector.Start();
            float[] disturbed = Train(threads: 2);
            stop.Cancel();
            collector.Join();
            disturbed.Should().Equal(Train(threads: 1));
        }
        finally
        {
            stop.Cancel();
            torch.set_num_threads(before);
        }
    }

    private static float[] Train(int threads)
    {
        torch.manual_seed(1);
        using Linear module = torch.nn.Linear(400, 300);
        using Tensor inputs = torch.randn(8, 400) * 1e-18f;
        using var optimizer = new ModuleOptimizer(
            module, new AdamOptions { LearningRate = 1e-3 }, new ModelOptimizerOptions { Threads = threads, Clip = new ClipByGlobalNorm() });
        for (int step = 0; step < 30; step++)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            module.call(inputs).square().sum().backward();
            optimizer.Step().Applied.Should().BeTrue();
        }

        return optimizer.Parameters["weight"].Values.ToArray();
    }
}
