using System.Runtime.InteropServices;

namespace Optimizers.TorchSharp.Tests;

/// <summary>Torch counts changes of tensors, and refuses to differentiate a graph whose tensors have changed since.</summary>
public sealed class ChangeCountTests
{
    // x ↦ (w · x)²: the graph keeps w.
    private static (OneParameter Module, Tensor Loss) Make()
    {
        OneParameter module = Networks.One(1, 2);
        Tensor x = torch.tensor([3f, 4f], requires_grad: true);
        return (module, (module.w * x).square().sum());
    }

    [TorchFact]
    public void SecondBackwardAfterAStepThrows()
    {
        (OneParameter module, Tensor loss) = Make();
        using var optimizer = new ModuleOptimizer(module, new SgdOptions());
        loss.backward(retain_graph: true);
        optimizer.Step().Applied.Should().BeTrue();
        loss.Invoking(stale => stale.backward()).Should().Throw<ExternalException>().WithMessage("*modified by an inplace operation*");
    }

    [TorchFact]
    public void SecondBackwardWithoutAStepIsAllowed()
    {
        (OneParameter module, Tensor loss) = Make();
        using var optimizer = new ModuleOptimizer(module, new SgdOptions { LearningRate = 1 });
        loss.backward(retain_graph: true);
        loss.backward();
        optimizer.Step();
        module.w.Values().Should().Equal(1 - 36, 2 - 128);
    }

    [TorchFact]
    public void AccumulatedMicroBatchIsNoChange()
    {
        (OneParameter module, Tensor loss) = Make();
        using var optimizer = new ModuleOptimizer(module, new SgdOptions { LearningRate = 1 });
        var accumulator = new GradientAccumulator(optimizer, new GradientAccumulatorOptions { MicroBatches = 2 });
        loss.backward(retain_graph: true);
        accumulator.Step().Outcome.Should().Be(StepOutcome.Accumulated);
        loss.backward(retain_graph: true);
        accumulator.Step().Applied.Should().BeTrue();
        module.w.Values().Should().Equal(1 - 18, 2 - 64);
        loss.Invoking(stale => stale.backward()).Should().Throw<ExternalException>();
    }

    [TorchFact]
    public void SkippedStepIsNoChange()
    {
        (OneParameter module, Tensor loss) = Make();
        using var optimizer = new ModuleOptimizer(module, new SgdOptions(), new ModelOptimizerOptions { NonFinite = NonFinitePolicy.Skip });
        loss.backward(retain_graph: true);
        using (Tensor gradient = module.w.grad!)
        {
            gradient.fill_(float.NaN);
        }

        optimizer.Step().Outcome.Should().Be(StepOutcome.Skipped);
        module.w.grad.Should().BeNull("the gradients of a skipped step are dropped");
        loss.backward();
        optimizer.Step().Applied.Should().BeTrue();
    }

    [TorchFact]
    public void CountingCanBeSwitchedOff()
    {
        (OneParameter module, Tensor loss) = Make();
        using var optimizer = new ModuleOptimizer(
            module, new SgdOptions { LearningRate = 1 }, moduleOptions: new ModuleOptions { CountsChanges = false });
        loss.backward(retain_graph: true);
        optimizer.Step();
        loss.backward();
        module.w.Gradient().Should().NotBeNull();
    }

    [TorchFact]
    public void AscentOfSamIsAChange()
    {
        (OneParameter module, Tensor loss) = Make();
        using var optimizer = new ModuleOptimizer(module, new SgdOptions());
        var sam = new Sam(optimizer);
        loss.backward(retain_graph: true);
        sam.Ascend();
        loss.Invoking(stale => stale.backward()).Should().Throw<ExternalException>();
        sam.Withdraw();
        module.w.Values().Should().Equal(1, 2);
    }

    [TorchFact]
    public void GraphMadeAfterAStepIsNotAffected()
    {
        OneParameter module = Networks.One(1, 2);
        using var optimizer = new ModuleOptimizer(module, new SgdOptions { LearningRate = 0.25 });
        for (int step = 0; step < 3; step++)
        {
            Tensor loss = module.w.square().sum();
            loss.backward(retain_graph: true);
            loss.backward();
            optimizer.Step();
        }

        module.w.Values().Should().Equal(0, 0);
    }
}
