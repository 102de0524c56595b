using System.Diagnostics;

namespace Optimizers.TorchSharp.Tests;

/// <summary>A warm step allocates nothing, and long runs do not grow.</summary>
public sealed class StepMemoryTests
{
    private static bool IsFull => Environment.GetEnvironmentVariable("OPTIMIZERS_FULL") == "1";

    public static TheoryData<string> Kinds => ["plain", "clip and schedule", "zeroed", "average", "accumulated", "not counted", "some without gradient", "bfloat16", "half", "stochastic rounding", "compensation"];

    [TorchTheory]
    [MemberData(nameof(Kinds))]
    public void WarmStepAllocatesNothing(string kind)
    {
        using Network module = Networks.Of("cnn", kind switch
        {
            "half" => torch.float16,
            "bfloat16" or "stochastic rounding" or "compensation" => torch.bfloat16,
            _ => torch.float32,
        });
        using var optimizer = new ModuleOptimizer(
            module,
            [
                new ParameterGroup(new AdamWOptions()) { Where = parameter => parameter.Shape.Count > 1 },
                new ParameterGroup(new MomentumOptions()),
            ],
            kind == "clip and schedule"
                ? new ModelOptimizerOptions { Clip = new ClipByGlobalNorm { MaximumNorm = 0.1 }, Schedule = new Schedules.WarmupCosine(0.01, 10, 1000) }
                : new ModelOptimizerOptions { ZeroGradients = kind == "zeroed" },
            new ModuleOptions
            {
                CountsChanges = kind != "not counted",
                UpdatePrecision = kind switch
                {
                    "stochastic rounding" => UpdatePrecision.StochasticRounding,
                    "compensation" => UpdatePrecision.Compensation,
                    _ => UpdatePrecision.MasterCopy,
                },
            });
        GradientAccumulator? accumulator = kind == "accumulated" ? new GradientAccumulator(optimizer, new() { MicroBatches = 2 }) : null;
        ExponentialMovingAverage? average = kind == "average" ? new ExponentialMovingAverage(optimizer.Parameters) : null;
        long least = long.MaxValue;

        // More than 512 and less than 1,024 steps: the module is not searched for new parameters in between.
        for (int step = 0; step < 540; step++)
        {
            Networks.Backward(module, step);
            if (kind == "some without gradient" && step % 2 == 0)
            {
                module.parameters().First().grad = null;
            }

            long before = GC.GetAllocatedBytesForCurrentThread();
            StepReport report = accumulator?.Step() ?? optimizer.Step();
            average?.Update(report);
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            if (step > 515)
            {
                least = Math.Min(least, allocated);
            }
        }

        least.Should().Be(0);
    }

    /// <summary>The long form, with OPTIMIZERS_FULL=1, takes 10,000 steps.</summary>
    [TorchFact]
    public void LongRunDoesNotGrow()
    {
        int steps = IsFull ? 10_000 : 1_500;
        global::TorchSharp.Modules.Embedding embedding = torch.nn.Embedding(2_000, 8, sparse: true);
        using var module = new Parts(new OneParameter(torch.zeros(20_000)), embedding);
        using var optimizer = new ModuleOptimizer(module, new SparseAdamOptions(), new ModelOptimizerOptions { Clip = new ClipByGlobalNorm { MaximumNorm = 1 } });
        using Tensor rows = torch.arange(1000);
        TorchParameter vector = module.get_parameter("0.w")!;
        Step(300);
        (long managed, long native, long tensors) before = Measure();
        Step(steps);
        (long managed, long native, long tensors) after = Measure();

        // Each step makes gradients of 80,000 and 32,000 bytes; keeping one in a hundred would be 11 MB in 10,000 steps.
        (after.managed - before.managed).Should().BeLessThan(1_000_000);
        (after.native - before.native).Should().BeLessThan(IsFull ? 16_000_000 : 24_000_000);
        after.tensors.Should().Be(before.tensors);

        void Step(int count)
        {
            for (int step = 0; step < count; step++)
            {
                using DisposeScope scope = torch.NewDisposeScope();
                (vector.sum() + embedding.call(rows).sum()).backward();
                if (step % 3 == 0)
                {
                    // A gradient that has to be copied.
                    vector.grad = torch.ones(1).expand(20_000);
                }

                optimizer.Step();
            }
        }
    }

    private static (long Managed, long Native, long Tensors) Measure()
    {
        for (int i = 0; i < 2; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        using Process process = Process.GetCurrentProcess();
        return (GC.GetTotalMemory(forceFullCollection: true), process.WorkingSet64, Tensor.TotalCount);
    }
}
