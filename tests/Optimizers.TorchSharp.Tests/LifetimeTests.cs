using System.Runtime.CompilerServices;

namespace Optimizers.TorchSharp.Tests;

/// <summary>Modules and optimizers disposed in any order, dispose scopes, and parameters that join later.</summary>
public sealed class LifetimeTests
{
    private static ModuleOptimizer Sgd(TorchModule module) => new(module, new SgdOptions { LearningRate = 1 });

    [TorchFact]
    public void DisposedModuleIsReportedByName()
    {
        Network module = Networks.Mlp();
        using ModuleOptimizer optimizer = Sgd(module);
        Networks.Backward(module, 0);
        optimizer.Step();
        float[] last = optimizer.Parameters[0].Values.ToArray();
        module.Dispose();
        optimizer.Invoking(late => late.Step()).Should().Throw<InvalidOperationException>().WithMessage(
            "The parameter \"hidden.weight\" has been disposed, or removed from the module. Use the optimizer only as long as its module, and create a new ModuleOptimizer*");
        optimizer.Parameters[0].Values.ToArray().Should().Equal(last, "the optimizer keeps the memory of its parameters");
        optimizer.ClearGradients();
    }

    [TorchFact]
    public void ModuleOutlivesItsOptimizer()
    {
        using Network module = Networks.Mlp();
        ModuleOptimizer optimizer = Sgd(module);
        Networks.Backward(module, 0);
        optimizer.Step();
        float[] trained = module.AllValues();
        Networks.Backward(module, 1);
        ParameterSet parameters = optimizer.Parameters;
        optimizer.Dispose();
        optimizer.Dispose();
        module.AllValues().ShouldHaveTheBitsOf(trained, "values");
        module.parameters().First().Gradient().Should().NotBeNull("the optimizer does not own gradients");
        Networks.Backward(module, 2).Should().BePositive();

        foreach (Action<ModuleOptimizer> use in new Action<ModuleOptimizer>[]
            { late => late.Step(), late => late.AddNewParameters(), late => late.CreateCheckpoint(), late => late.AsTorchOptimizer() })
        {
            optimizer.Invoking(use).Should().Throw<ObjectDisposedException>();
        }

        parameters[0].Invoking(parameter => parameter.Values.Length).Should().Throw<ObjectDisposedException>();
    }

    [TorchFact]
    public void CheckpointMadeBeforeDisposalDoesNotReadFreedMemory()
    {
        using Network module = Networks.Mlp();
        ModuleOptimizer optimizer = Sgd(module);
        Checkpoint checkpoint = optimizer.CreateCheckpoint();
        optimizer.Dispose();
        using var folder = new TemporaryFolder();
        checkpoint.Invoking(late => late.Save(folder["run"])).Should().Throw<ObjectDisposedException>();
        folder.Names.Should().BeEmpty();
    }

    /// <summary>Two optimizers over one module, one after the other: the second begins where the first ended.</summary>
    [TorchFact]
    public void SecondOptimizerContinues()
    {
        using OneParameter module = Networks.One(5);
        using (ModuleOptimizer first = Sgd(module))
        {
            module.w.sum().backward();
            first.Step();
        }

        using ModuleOptimizer second = Sgd(module);
        module.w.sum().backward();
        second.Step();
        module.w.Values().Should().Equal(3);
    }

    public static TheoryData<string> Scopes => ["none", "around the step", "around everything", "nested", "around the constructor"];

    [TorchTheory]
    [MemberData(nameof(Scopes))]
    public void DisposeScopesTakeNothingOfTheOptimizer(string kind)
    {
        using Network module = Networks.Cnn();
        DisposeScope? outer = kind is "around everything" or "nested" ? torch.NewDisposeScope() : null;
        DisposeScope? around = kind == "around the constructor" ? torch.NewDisposeScope() : null;
        using var optimizer = new ModuleOptimizer(module, new AdamWOptions(), new ModelOptimizerOptions { Clip = new ClipByGlobalNorm { MaximumNorm = 1 } });
        around?.Dispose();
        for (int step = 0; step < 5; step++)
        {
            DisposeScope? inner = kind is "around the step" or "nested" ? torch.NewDisposeScope() : null;
            Networks.Backward(module, step);

            // A gradient that has to be copied too.
            using (Tensor gradient = module.get_parameter("output.weight")!.grad!)
            {
                using Tensor copy = gradient.t().contiguous();
                using Tensor strided = copy.t();
                module.get_parameter("output.weight")!.grad = strided;
            }

            long inScope = inner?.DisposablesCount ?? 0;
            optimizer.Step().Applied.Should().BeTrue();
            (inner?.DisposablesCount ?? 0).Should().Be((int)inScope, "a step leaves nothing in the user's scope");
            inner?.Dispose();
        }

        outer?.Dispose();
        Networks.Backward(module, 0);
        optimizer.Step().Applied.Should().BeTrue();
        float[] ours = [.. optimizer.Parameters.SelectMany(parameter => parameter.Values.ToArray())];
        ours.Should().Equal(module.parameters().SelectMany(parameter => parameter.Values()));
    }

    /// <summary>A module inside a scope dies with it; the optimizer says so and reads no freed memory.</summary>
    [TorchFact]
    public void ModuleThatAScopeDisposedIsReported()
    {
        ModuleOptimizer optimizer;
        using (torch.NewDisposeScope())
        {
            Network module = new OneParameter(torch.ones(1000));
            optimizer = Sgd(module);
            module.parameters().First().sum().backward();
            optimizer.Step();
            module.Dispose();
        }

        GC.Collect();
        GC.WaitForPendingFinalizers();
        optimizer.Parameters[0].Values.ToArray().Should().OnlyContain(value => value == 0);
        optimizer.Invoking(late => late.Step()).Should().Throw<InvalidOperationException>();
        optimizer.Dispose();
    }

    [TorchFact]
    public void StepsLeaveNoTensorsAlive()
    {
        using Network module = Networks.Cnn();
        using var optimizer = new ModuleOptimizer(module, new AdamWOptions());
        Train(module, optimizer, 3);
        long before = Alive();
        Train(module, optimizer, 20);
        Alive().Should().Be(before);
    }

    [TorchFact]
    public void DisposedOptimizersLeaveNoTensorsAlive()
    {
        using var module = new Parts(Networks.Cnn(), torch.nn.Embedding(5, 3, sparse: true));
        MakeAndDispose(module);
        long before = Alive();
        for (int i = 0; i < 5; i++)
        {
            MakeAndDispose(module);
        }

        Alive().Should().Be(before);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void MakeAndDispose(Network module)
    {
        using var optimizer = new ModuleOptimizer(module, new SparseAdamOptions());
        using (DisposeScope scope = torch.NewDisposeScope())
        {
            module.parameters().Aggregate(torch.tensor(0f), (sum, parameter) => sum + parameter.square().sum()).backward();
        }

        optimizer.Step();
        using var folder = new TemporaryFolder();
        Checkpoint checkpoint = optimizer.CreateCheckpoint();
        checkpoint.Save(folder["run"]);
        checkpoint.Load(folder["run"]);
    }

    private static void Train(Network module, ModuleOptimizer optimizer, int steps)
    {
        for (int step = 0; step < steps; step++)
        {
            Networks.Backward(module, step);
            optimizer.Step();
        }
    }

    // Tensors of finalized objects count as disposed on the finalizer's thread, so they are collected first.
    private static long Alive()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return Tensor.TotalCount;
    }

    [TorchFact]
    public void ThawedParameterJoinsWithTheNextStep()
    {
        using var module = new Parts(Networks.One(1), new OneParameter(torch.tensor([2f]), requiresGradient: false));
        using var optimizer = new ModuleOptimizer(module, new MomentumOptions { LearningRate = 1, Momentum = 0.5 });
        TorchParameter first = module.get_parameter("0.w")!, second = module.get_parameter("1.w")!;
        first.sum().backward();
        optimizer.Step();
        second.requires_grad = true;
        (first.sum() + second.sum()).backward();
        optimizer.Step().Updated.Should().Be(2);
        second.Values().Should().Equal(1);
        optimizer.Model.StateOf("1.w").Iteration.Should().Be(1);
        optimizer.Model.StateOf("0.w").Iteration.Should().Be(2);
    }

    /// <summary>A parameter that is frozen later has no gradient, so it rests.</summary>
    [TorchFact]
    public void ParameterThatIsFrozenLaterRests()
    {
        using var module = new Parts(Networks.One(1), Networks.One(2));
        using var optimizer = new ModuleOptimizer(module, new AdamWOptions { LearningRate = 0.1, WeightDecay = 0.5 });
        TorchParameter first = module.get_parameter("0.w")!, second = module.get_parameter("1.w")!;
        (first.sum() + second.sum()).backward();
        optimizer.Step();
        float[] frozen = second.Values();
        second.requires_grad = false;
        for (int step = 0; step < 3; step++)
        {
            (first.sum() + second.sum()).backward();
            optimizer.Step().WithoutGradient.Should().Be(1);
        }

        second.Values().Should().Equal(frozen);
    }

    [TorchFact]
    public void AddedModulesAreTrained()
    {
        using var module = new Parts(Networks.One(1));
        using ModuleOptimizer optimizer = Sgd(module);
        module.get_parameter("0.w")!.sum().backward();
        optimizer.Step();
        module.Add("late", Networks.One(7, 8));
        optimizer.AddNewParameters().Should().Be(1);
        optimizer.AddNewParameters().Should().Be(0);
        module.parameters().Aggregate(torch.tensor(0f), (sum, parameter) => sum + parameter.sum()).backward();
        optimizer.Step().Updated.Should().Be(2);
        module.get_parameter("late.w")!.Values().Should().Equal(6, 7);
    }

    [TorchFact]
    public void ForgottenModuleIsReportedByName()
    {
        using var module = new Parts(Networks.One(1));
        using ModuleOptimizer optimizer = Sgd(module);
        module.get_parameter("0.w")!.sum().backward();
        optimizer.Step();
        module.Add("late", Networks.One(7, 8));
        int steps = 0;
        Action train = () =>
        {
            for (; steps < 100; steps++)
            {
                module.get_parameter("0.w")!.sum().backward();
                optimizer.Step();
            }
        };
        train.Should().Throw<InvalidOperationException>().WithMessage(
            "The module has a parameter \"late.w\" that was added after the ModuleOptimizer was created, so no step updates it. Call AddNewParameters*");
        steps.Should().BeLessThan(3);
    }

    /// <summary>An added parameter that matches no group is an error of the step, which then changes nothing.</summary>
    [TorchFact]
    public void AddedParameterNeedsAGroup()
    {
        using var module = new Parts(Networks.One(1));
        using var optimizer = new ModuleOptimizer(
            module, [new ParameterGroup(new SgdOptions()) { Where = parameter => parameter.Name.StartsWith('0') }]);
        module.Add("late", Networks.One(7, 8));
        optimizer.AddNewParameters();
        module.get_parameter("0.w")!.sum().backward();
        optimizer.Invoking(step => step.Step()).Should().Throw<ArgumentException>().WithMessage("The parameter \"late.w\" matches no group.*");
        module.get_parameter("0.w")!.Values().Should().Equal(1);
        module.get_parameter("0.w")!.Gradient().Should().Equal(1);
    }
}
