using Optimizers.Schedules;
using Xunit.Abstractions;

namespace Optimizers.TorchSharp.Tests;

/// <summary>The same module, batches and hyperparameters as with TorchSharp's own optimizers give the same parameters.</summary>
public sealed class SameNumbersTests(ITestOutputHelper output)
{
    private const int Steps = 200;

    // Half a unit in the last place of 1. All runs round parameters to float32 in each step, and the module computes gradients from them.
    // So the yardstick is TorchSharp's own distance from its float64 run, and the rounding of the largest parameter.
    private const double Rounding = 1.0 / (1 << 24);

    private static readonly Dictionary<string, (IOptimizerOptions Options, Func<IEnumerable<TorchParameter>, torch.optim.Optimizer> Torch)> _optimizers = new()
    {
        ["Adam"] = (
            new AdamOptions { LearningRate = 0.003, WeightDecay = 0.01 },
            parameters => torch.optim.Adam(parameters, 0.003, weight_decay: 0.01)),
        ["Adam, AMSGrad"] = (
            new AdamOptions { LearningRate = 0.003, Beta1 = 0.8, Beta2 = 0.95, AmsGrad = true },
            parameters => torch.optim.Adam(parameters, 0.003, 0.8, 0.95, amsgrad: true)),
        ["AdamW"] = (
            new AdamWOptions { LearningRate = 0.003, WeightDecay = 0.05 },
            parameters => torch.optim.AdamW(parameters, 0.003, weight_decay: 0.05)),
        ["SGD"] = (
            new SgdOptions { LearningRate = 0.05, WeightDecay = 0.01 },
            parameters => torch.optim.SGD(parameters, 0.05, weight_decay: 0.01)),
        ["SGD, momentum"] = (
            new MomentumOptions { LearningRate = 0.02, Momentum = 0.9, WeightDecay = 0.001 },
            parameters => torch.optim.SGD(parameters, 0.02, 0.9, weight_decay: 0.001)),
        ["SGD, Nesterov"] = (
            new NesterovOptions { LearningRate = 0.02, Momentum = 0.9, WeightDecay = 0.001 },
            parameters => torch.optim.SGD(parameters, 0.02, 0.9, weight_decay: 0.001, nesterov: true)),
        ["RMSProp"] = (
            new RmsPropOptions { LearningRate = 0.002 },
            parameters => torch.optim.RMSProp(parameters, 0.002)),
        ["RMSProp, centred, momentum"] = (
            new RmsPropOptions { LearningRate = 0.001, Momentum = 0.9, Centered = true, Epsilon = 1e-4 },
            parameters => torch.optim.RMSProp(parameters, 0.001, eps: 1e-4, momentum: 0.9, centered: true)),
    };

    public static TheoryData<string, string, bool> Cases
    {
        get
        {
            var cases = new TheoryData<string, string, bool>();
            foreach (string optimizer in _optimizers.Keys)
            {
                cases.Add(optimizer, "mlp", true);
                cases.Add(optimizer, "cnn", true);
            }

            cases.Add("AdamW", "mlp", false);
            cases.Add("SGD, momentum", "cnn", false);
            return cases;
        }
    }

    [TorchTheory]
    [MemberData(nameof(Cases))]
    public void ParametersAreAsCloseToFloat64AsTorchSharps(string optimizer, string network, bool clipsWithSchedule)
    {
        double[] exact = TrainWithTorch(optimizer, network, clipsWithSchedule, torch.ScalarType.Float64);
        double[] peer = TrainWithTorch(optimizer, network, clipsWithSchedule, torch.ScalarType.Float32);
        double[] ours = Train(optimizer, network, clipsWithSchedule);

        double size = exact.Max(Math.Abs);
        double ofPeer = Largest(peer, exact), ofOurs = Largest(ours, exact);
        output.WriteLine($"from float64: TorchSharp {ofPeer:E1}, this library {ofOurs:E1}; from each other {Largest(ours, peer):E1}; largest {size:G3}");
        ofOurs.Should().BeLessThanOrEqualTo((1.25 * ofPeer) + (2 * Rounding * size));
        Largest(ours, peer).Should().BeLessThanOrEqualTo(8 * Rounding * size);
        Largest(exact, InitialNumbers(network)).Should().BeGreaterThan(1000 * ofOurs, "a run that stands still would pass otherwise");
    }

    private static double[] Train(string name, string kind, bool clipsWithSchedule)
    {
        IOptimizerOptions options = _optimizers[name].Options;
        using Network network = Networks.Of(kind);
        using var optimizer = new ModuleOptimizer(network, options, clipsWithSchedule
            ? new ModelOptimizerOptions { Schedule = ScheduleOf(options), Clip = new ClipByGlobalNorm { MaximumNorm = 0.5 } }
            : null);
        int clipped = 0;
        for (int step = 0; step < Steps; step++)
        {
            Networks.Backward(network, step);
            clipped += optimizer.Step().ClipFactor < 1 ? 1 : 0;
        }

        clipped.Should().Match(count => !clipsWithSchedule || count > 5);
        return Numbers(network);
    }

    private static double[] TrainWithTorch(string name, string kind, bool clipsWithSchedule, torch.ScalarType type)
    {
        using Network network = Networks.Of(kind);
        network.to(type);
        using torch.optim.Optimizer optimizer = _optimizers[name].Torch(network.parameters());
        WarmupCosine schedule = ScheduleOf(_optimizers[name].Options);
        torch.optim.lr_scheduler.LRScheduler? scheduler = clipsWithSchedule
            ? torch.optim.lr_scheduler.LambdaLR(optimizer, step => schedule.At(step) / schedule.Peak)
            : null;
        for (int step = 0; step < Steps; step++)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            optimizer.zero_grad();
            Networks.Loss(network, step, type).backward();
            if (clipsWithSchedule)
            {
                torch.nn.utils.clip_grad_norm_(network.parameters(), 0.5);
            }

            optimizer.step();
            scheduler?.step();
        }

        return Numbers(network);
    }

    private static WarmupCosine ScheduleOf(IOptimizerOptions options) =>
        new(options.LearningRate, warmupSteps: 20, totalSteps: Steps, floor: options.LearningRate / 10, start: options.LearningRate / 10);

    private static double[] InitialNumbers(string kind)
    {
        using Network network = Networks.Of(kind);
        return Numbers(network);
    }

    private static double[] Numbers(Network network)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        return [.. network.parameters().SelectMany(parameter => parameter.detach().to(torch.ScalarType.Float64).data<double>().ToArray())];
    }

    private static double Largest(double[] one, double[] other) => one.Zip(other).Max(pair => Math.Abs(pair.First - pair.Second));
}
