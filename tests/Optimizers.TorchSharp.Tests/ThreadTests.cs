namespace Optimizers.TorchSharp.Tests;

/// <summary>Different modules in different threads are independent.</summary>
public sealed class ThreadTests
{
    private const int Steps = 60;

    [TorchFact]
    public void TwoModulesInTwoThreadsGiveTheBitsOfOneAfterTheOther()
    {
        Network[] parallel = [Networks.Mlp(1), Networks.Cnn(2)], alone = [Networks.Mlp(1), Networks.Cnn(2)];
        foreach (Network network in alone)
        {
            Train(network);
        }

        var failures = new List<Exception>();
        Thread[] threads = Array.ConvertAll(parallel, network => new Thread(() =>
        {
            try
            {
                Train(network);
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                lock (failures)
                {
                    failures.Add(exception);
                }
            }
        }));
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());

        failures.Should().BeEmpty();
        for (int i = 0; i < 2; i++)
        {
            parallel[i].AllValues().ShouldHaveTheBitsOf(alone[i].AllValues(), $"network {i}");
            parallel[i].Dispose();
            alone[i].Dispose();
        }
    }

    /// <summary>An optimizer may move from one thread to another between steps.</summary>
    [TorchFact]
    public void StepsMayComeFromDifferentThreads()
    {
        using Network moving = Networks.Mlp(), plain = Networks.Mlp();
        Train(plain);
        ModuleOptimizer optimizer = Make(moving);
        for (int step = 0; step < Steps; step++)
        {
            int batch = step;
            var thread = new Thread(() =>
            {
                Networks.Backward(moving, batch);
                optimizer.Step();
            });
            thread.Start();
            thread.Join();
        }

        optimizer.Dispose();
        moving.AllValues().ShouldHaveTheBitsOf(plain.AllValues(), "values");
    }

    private static ModuleOptimizer Make(Network network) =>
        new(network, new AdamWOptions(), new ModelOptimizerOptions { Clip = new ClipByGlobalNorm { MaximumNorm = 0.5 } });

    private static void Train(Network network)
    {
        using ModuleOptimizer optimizer = Make(network);
        for (int step = 0; step < Steps; step++)
        {
            Networks.Backward(network, step);
            optimizer.Step();
        }
    }
}
