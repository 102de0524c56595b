using Scheduler = global::TorchSharp.torch.optim.lr_scheduler.LRScheduler;
using Schedulers = global::TorchSharp.torch.optim.lr_scheduler;

namespace Optimizers.TorchSharp.Tests;

/// <summary>AsTorchOptimizer: code that expects a torch.optim.Optimizer, and TorchSharp's schedulers.</summary>
public sealed class TorchOptimizerTests
{
    private const int Steps = 60;
    private const double Rate = 0.004;

    private static readonly Dictionary<string, Func<torch.optim.Optimizer, Scheduler>> _schedulers = new()
    {
        ["StepLR"] = optimizer => Schedulers.StepLR(optimizer, 15, 0.5),
        ["CosineAnnealingLR"] = optimizer => Schedulers.CosineAnnealingLR(optimizer, Steps, 1e-4),

        // With a cycled β₁ the numbers differ: this library corrects the bias with the product of the βs that were used.
        ["OneCycleLR"] = optimizer => Schedulers.OneCycleLR(optimizer, 0.01, total_steps: Steps + 2, cycle_momentum: false),
        ["SequentialLR"] = optimizer => Schedulers.SequentialLR(
            optimizer, [Schedulers.LinearLR(optimizer, 0.1, 1, 10), Schedulers.ExponentialLR(optimizer, 0.95)], [10]),
        ["LambdaLR"] = optimizer => Schedulers.LambdaLR(optimizer, step => 1.0 / (1 + step)),
        ["ConstantLR"] = optimizer => Schedulers.ConstantLR(optimizer, 0.5, 20),
    };

    public static TheoryData<string> Kinds => [.. _schedulers.Keys, "ReduceLROnPlateau"];

    private static global::TorchSharp.Modules.AdamW TorchAdamW(TorchModule module) => torch.optim.AdamW(module.parameters(), Rate, weight_decay: 0.1);

    private static AdamWOptions Options(double rate = Rate) => new() { LearningRate = rate, WeightDecay = 0.1 };

    [TorchTheory]
    [MemberData(nameof(Kinds))]
    public void SchedulerDrivesItAsTorchSharpsAdamW(string kind)
    {
        using Network module = Networks.Mlp(), torchs = Networks.Mlp();
        using var optimizer = new ModuleOptimizer(module, Options());
        using torch.optim.Optimizer bridge = optimizer.AsTorchOptimizer(), theirs = TorchAdamW(torchs);
        (double[] losses, double[] rates) = Train(kind, module, bridge);
        (double[] lossesOfTorch, double[] ratesOfTorch) = Train(kind, torchs, theirs);
        rates.Should().Equal(ratesOfTorch);
        rates.Distinct().Should().HaveCountGreaterThan(1);
        for (int step = 0; step < Steps; step++)
        {
            losses[step].Should().BeApproximately(lossesOfTorch[step], 1e-6 * lossesOfTorch[step], $"step {step}");
        }

        losses.Distinct().Should().HaveCountGreaterThan(Steps / 2);
        optimizer.UpdateCount.Should().Be(Steps);
    }

    private static (double[] Losses, double[] Rates) Train(string kind, Network module, torch.optim.Optimizer optimizer)
    {
        Scheduler scheduler = kind == "ReduceLROnPlateau"
            ? Schedulers.ReduceLROnPlateau(optimizer, patience: 2, threshold: 0.01, factor: 0.5)
            : _schedulers[kind](optimizer);
        double[] losses = new double[Steps], rates = new double[Steps];
        for (int step = 0; step < Steps; step++)
        {
            optimizer.zero_grad();
            losses[step] = Networks.Backward(module, step);
            rates[step] = optimizer.ParamGroups.First().LearningRate;
            optimizer.step();
            if (kind == "ReduceLROnPlateau")
            {
                // The loss of the same batch, 8 steps ago, plus steps without progress.
                scheduler.step(Math.Round(losses[step], 1));
            }
            else
            {
                scheduler.step();
            }
        }

        return (losses, rates);
    }

    [TorchFact]
    public void TwoGroupsHaveRatesOfTheirOwn()
    {
        using Network module = Networks.Mlp(), torchs = Networks.Mlp();
        using var optimizer = new ModuleOptimizer(
            module,
            [
                new ParameterGroup(Options()) { Where = parameter => parameter.Shape.Count == 2 },
                new ParameterGroup(Options(rate: 0.001) with { WeightDecay = 0 }) { RateFactor = 0.5 },
            ]);
        using torch.optim.Optimizer bridge = optimizer.AsTorchOptimizer();
        TorchParameter[] all = [.. torchs.parameters()];
        using torch.optim.Optimizer theirs = torch.optim.AdamW(
        [
            new global::TorchSharp.Modules.AdamW.ParamGroup([.. all.Where(parameter => parameter.dim() == 2)], Rate, weight_decay: 0.1),
            new global::TorchSharp.Modules.AdamW.ParamGroup([.. all.Where(parameter => parameter.dim() == 1)], 0.0005, weight_decay: 0),
        ]);
        bridge.ParamGroups.Select(group => group.LearningRate).Should().Equal(Rate, 0.0005);
        (double[] losses, _) = Train("StepLR", module, bridge);
        (double[] lossesOfTorch, _) = Train("StepLR", torchs, theirs);
        for (int step = 0; step < Steps; step++)
        {
            losses[step].Should().BeApproximately(lossesOfTorch[step], 1e-6 * lossesOfTorch[step], $"step {step}");
        }

        bridge.ParamGroups.Select(group => group.LearningRate).Should().OnlyHaveUniqueItems();
        optimizer.Groups[1].RateFactor.Should().BeApproximately(0.5 / 8, 1e-15);
    }

    /// <summary>OneCycleLR drives β₁ too.</summary>
    [TorchFact]
    public void MomentumOfASchedulerReachesTheGroup()
    {
        using Network module = Networks.Mlp();
        using var optimizer = new ModuleOptimizer(module, new MomentumOptions { LearningRate = 0.01, Momentum = 0.9 });
        using torch.optim.Optimizer bridge = optimizer.AsTorchOptimizer();
        Scheduler scheduler = Schedulers.OneCycleLR(bridge, 0.1, total_steps: 20, base_momentum: 0.8, max_momentum: 0.95);
        var momenta = new List<double>();
        for (int step = 0; step < 15; step++)
        {
            Networks.Backward(module, step);
            bridge.step();
            momenta.Add(optimizer.Groups[0].Momentum!.Value);
            scheduler.step();
        }

        momenta[0].Should().BeApproximately(0.95, 1e-12);
        momenta.Min().Should().BeInRange(0.799, 0.81);
    }

    [TorchFact]
    public void ClosureComputesTheLoss()
    {
        using OneParameter module = Networks.One(2);
        using var optimizer = new ModuleOptimizer(module, new SgdOptions { LearningRate = 1 });
        using torch.optim.Optimizer bridge = optimizer.AsTorchOptimizer();
        using IDisposable withoutGraph = torch.no_grad();
        using Tensor loss = bridge.step(() =>
        {
            Tensor value = (3 * module.w).sum();
            value.backward();
            return value;
        });
        loss.item<float>().Should().Be(6);
        module.w.Values().Should().Equal(-1);
    }

    [TorchFact]
    public void ItDoesNotOwnTheOptimizer()
    {
        using OneParameter module = Networks.One(2);
        using var optimizer = new ModuleOptimizer(module, new SgdOptions { LearningRate = 1 });
        optimizer.AsTorchOptimizer().Dispose();
        module.w.sum().backward();
        optimizer.Step().Applied.Should().BeTrue();
    }

    [TorchFact]
    public void ZeroGradDropsGradients()
    {
        using OneParameter module = Networks.One(2);
        using var optimizer = new ModuleOptimizer(module, new SgdOptions { LearningRate = 1 });
        using torch.optim.Optimizer bridge = optimizer.AsTorchOptimizer();
        (100 * module.w).sum().backward();
        bridge.zero_grad();
        module.w.sum().backward();
        bridge.step();
        module.w.Values().Should().Equal(1);
        bridge.parameters().Select(parameter => parameter.Handle).Should().Equal(module.w.Handle);
    }

    /// <summary>A conversion replaces parameters while a scheduler drives the optimizer.</summary>
    [TorchFact]
    public void ConvertedModuleIsStillDriven()
    {
        using OneParameter module = Networks.One(2);
        using var optimizer = new ModuleOptimizer(module, new SgdOptions { LearningRate = 1 });
        using torch.optim.Optimizer bridge = optimizer.AsTorchOptimizer();
        module.w.sum().backward();
        bridge.step();
        module.to(torch.float64);
        module.to(torch.float32);
        bridge.zero_grad();
        module.w.sum().backward();
        bridge.step();
        module.w.Values().Should().Equal(0);
    }

    public static TheoryData<string> Refused => ["schedule of the model", "schedule of a group", "momentum schedule", "rate of 0"];

    [TorchTheory]
    [MemberData(nameof(Refused))]
    public void OptimizerThatNoSchedulerCanDriveIsRefused(string kind)
    {
        using OneParameter module = Networks.One(2);
        var constant = new Schedules.Constant(0.1);
        using var optimizer = new ModuleOptimizer(
            module,
            [
                new ParameterGroup(new MomentumOptions { LearningRate = kind == "rate of 0" ? 0 : 1 })
                {
                    Schedule = kind == "schedule of a group" ? constant : null,
                    MomentumSchedule = kind == "momentum schedule" ? constant : null,
                },
            ],
            new ModelOptimizerOptions { Schedule = kind == "schedule of the model" ? constant : null });
        optimizer.Invoking(refusing => refusing.AsTorchOptimizer()).Should().Throw<InvalidOperationException>().WithMessage(kind == "rate of 0"
            ? "The learning rate of group 0 is 0, so a scheduler cannot scale it. Set LearningRate in the options of the group."
            : "The optimizer has a schedule of this library, and a scheduler of TorchSharp would set the same rates. Remove one of them.");
    }

    [TorchFact]
    public void StateAndNewGroupsAreRefusedWithTheAlternative()
    {
        using OneParameter module = Networks.One(2), other = Networks.One(3);
        using var optimizer = new ModuleOptimizer(module, new SgdOptions { LearningRate = 1 });
        var bridge = (global::TorchSharp.Modules.OptimizerHelper)optimizer.AsTorchOptimizer();
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        bridge.Invoking(refusing => refusing.save_state_dict(writer)).Should().Throw<NotSupportedException>().WithMessage("*CreateCheckpoint*");
        bridge.Invoking(refusing => refusing.state_dict()).Should().Throw<NotSupportedException>().WithMessage("*CreateCheckpoint*");
        bridge.Invoking(refusing => refusing.load_state_dict(TorchAdamW(module).state_dict())).Should().Throw<NotSupportedException>()
            .WithMessage("*CreateCheckpoint*");
        bridge.Invoking(refusing => refusing.add_param_group(new global::TorchSharp.Modules.AdamW.ParamGroup(other.parameters()))).Should()
            .Throw<NotSupportedException>().WithMessage("*AddNewParameters*");
    }
}
