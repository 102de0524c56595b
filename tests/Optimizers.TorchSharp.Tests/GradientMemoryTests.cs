namespace Optimizers.TorchSharp.Tests;

/// <summary>Where torch leaves gradients, and what a step makes of them.</summary>
public sealed class GradientMemoryTests
{
    private const double Rate = 0.5;

    private static ModuleOptimizer Sgd(TorchModule module, bool zeroes = false) =>
        new(module, new SgdOptions { LearningRate = Rate }, new ModelOptimizerOptions { ZeroGradients = zeroes });

    private static unsafe nint AddressOf(Tensor tensor) => (nint)TorchNative.Data(tensor.Handle);

    [TorchFact]
    public void NoGradientBeforeTheFirstBackward()
    {
        using OneParameter module = Networks.One(1, 2);
        using ModuleOptimizer optimizer = Sgd(module);
        StepReport report = optimizer.Step();
        report.Outcome.Should().Be(StepOutcome.NothingToUpdate);
        report.WithoutGradient.Should().Be(1);
        module.w.Values().Should().Equal(1, 2);
    }

    /// <summary>A gradient of null neither moves, decays nor ages a parameter.</summary>
    [TorchFact]
    public void ParameterWithoutGradientRests()
    {
        using var module = new Parts(Networks.One(1, 2), Networks.One(3, 4));
        using var optimizer = new ModuleOptimizer(module, new AdamWOptions { WeightDecay = 0.1 });
        TorchParameter used = module.get_parameter("0.w")!, unused = module.get_parameter("1.w")!;
        for (int step = 0; step < 3; step++)
        {
            used.sum().backward();
            optimizer.Step().WithoutGradient.Should().Be(1);
        }

        unused.Values().Should().Equal(3, 4);
        optimizer.Model.StateOf("1.w").Iteration.Should().Be(0);
        optimizer.Model.StateOf("0.w").Iteration.Should().Be(3);
    }

    [TorchFact]
    public void FrozenParameterIsNotInTheSet()
    {
        using var module = new Parts(Networks.One(1), new OneParameter(torch.tensor([2f]), requiresGradient: false));
        using ModuleOptimizer optimizer = Sgd(module);
        optimizer.Parameters.Select(parameter => parameter.Name).Should().Equal("0.w");
    }

    [TorchFact]
    public void StepRemovesGradients()
    {
        using OneParameter module = Networks.One(1, 2);
        using ModuleOptimizer optimizer = Sgd(module);
        module.w.sum().backward();
        optimizer.Step();
        module.w.Gradient().Should().BeNull();
        module.w.Values().Should().Equal(0.5f, 1.5f);
    }

    [TorchFact]
    public void StepZeroesGradientsInPlaceIfAsked()
    {
        using OneParameter module = Networks.One(1, 2);
        using ModuleOptimizer optimizer = Sgd(module, zeroes: true);
        module.w.sum().backward();
        nint address = AddressOf(module.w.grad!);
        optimizer.Step();
        module.w.Gradient().Should().Equal(0, 0);
        (2 * module.w).sum().backward();
        AddressOf(module.w.grad!).Should().Be(address, "backward adds to the gradient that is there");
        optimizer.Step();
        module.w.Values().Should().Equal(-0.5f, 0.5f);
    }

    /// <summary>Other allocations between the steps make sure that the addresses differ.</summary>
    [TorchFact]
    public void GradientsAtNewAddressesAreFound()
    {
        using OneParameter module = Networks.One(0, 0);
        using ModuleOptimizer optimizer = Sgd(module);
        var addresses = new HashSet<nint>();
        var kept = new List<Tensor>();
        for (int step = 1; step <= 20; step++)
        {
            (step * module.w).sum().backward();
            kept.Add(module.w.grad!);
            addresses.Add(AddressOf(kept[^1])).Should().BeTrue();
            optimizer.Step();
            module.w.Values()[0].Should().Be(-0.5f * step * (step + 1) / 2);
        }

        kept.ForEach(tensor => tensor.Dispose());
    }

    [TorchTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void ZeroGradOfTheModuleMayBeCalledToo(bool zeroes)
    {
        using OneParameter module = Networks.One(1);
        using ModuleOptimizer optimizer = Sgd(module, zeroes);
        for (int step = 0; step < 3; step++)
        {
            module.w.sum().backward();
            module.zero_grad();
            module.w.sum().backward();
            optimizer.Step();
        }

        module.w.Values().Should().Equal(-0.5f);
    }

    [TorchFact]
    public void ClearGradientsDropsABackwardPass()
    {
        using OneParameter module = Networks.One(1);
        using ModuleOptimizer optimizer = Sgd(module);
        (100 * module.w).sum().backward();
        optimizer.ClearGradients();
        module.w.Gradient().Should().BeNull();
        optimizer.Parameters.ZeroGradients();
        module.w.sum().backward();
        optimizer.Step();
        module.w.Values().Should().Equal(0.5f);
    }

    [TorchTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void GradientThatWasSetBeforehandIsAddedTo(bool zeroes)
    {
        using OneParameter module = Networks.One(1, 2);
        using ModuleOptimizer optimizer = Sgd(module, zeroes);
        module.w.grad = torch.tensor([10f, 20f]);
        module.w.sum().backward();
        optimizer.Step();
        module.w.Values().Should().Equal(1 - 5.5f, 2 - 10.5f);
        module.w.sum().backward();
        optimizer.Step();
        module.w.Values().Should().Equal(1 - 6f, 2 - 11f);
    }

    public static TheoryData<string, bool> Strided => new()
    {
        { "expanded", false }, { "expanded", true }, { "transposed", false }, { "transposed", true }, { "strided", false }, { "strided", true },
    };

    /// <summary>The gradient is copied; what a step makes of it does not depend on its strides.</summary>
    [TorchTheory]
    [MemberData(nameof(Strided))]
    public void GradientThatIsNotContiguousIsCopiedRight(string kind, bool zeroes)
    {
        using OneParameter module = new(torch.zeros(2, 3)), plain = new(torch.zeros(2, 3));
        using ModuleOptimizer optimizer = Sgd(module, zeroes), ofPlain = Sgd(plain, zeroes);
        for (int step = 1; step <= 3; step++)
        {
            Tensor gradient = kind switch
            {
                "expanded" => torch.tensor((float)step).expand(2, 3),
                "transposed" => (torch.arange(6, dtype: torch.float32) + step).reshape(3, 2).t(),
                _ => (torch.arange(12, dtype: torch.float32) + step).reshape(2, 6)[torch.TensorIndex.Colon, torch.TensorIndex.Slice(0, 6, 2)],
            };
            gradient.is_contiguous().Should().BeFalse();
            module.w.grad = gradient;
            plain.w.grad = gradient.contiguous();
            optimizer.Step().Applied.Should().BeTrue();
            ofPlain.Step();
            module.w.Values().ShouldHaveTheBitsOf(plain.w.Values(), $"step {step}");
            module.w.Values()[1].Should().NotBe(0);
            (module.w.Gradient()?.Any(value => value != 0) ?? false).Should().BeFalse("a used gradient is cleared");
        }
    }

    /// <summary>A clip outside a step changes torch's gradients, whatever their strides; the next step uses them.</summary>
    [TorchTheory]
    [InlineData("contiguous")]
    [InlineData("expanded")]
    [InlineData("transposed")]
    public void ClipOutsideAStepChangesTorchsGradient(string kind)
    {
        using OneParameter module = new(torch.zeros(2, 3));
        using ModuleOptimizer optimizer = Sgd(module);
        module.w.grad = kind switch
        {
            "expanded" => torch.tensor(8f).expand(2, 3),
            "transposed" => torch.full([3, 2], 8f).t(),
            _ => torch.full([2, 3], 8f),
        };
        new ClipByValue { Limit = 2 }.Apply(optimizer.Parameters);
        module.w.Gradient().Should().OnlyContain(value => value == 2);
        optimizer.Step();
        module.w.Values().Should().OnlyContain(value => value == -1);
    }

    /// <summary>A step that throws leaves the gradients as they are, so it can be repeated.</summary>
    [TorchTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void RefusedStepKeepsGradients(bool transposed)
    {
        using OneParameter module = new(torch.zeros(2, 2));
        using ModuleOptimizer optimizer = Sgd(module);
        using Tensor bad = torch.tensor([1f, float.NaN, 3f, 4f]).reshape(2, 2);
        module.w.grad = transposed ? bad.t() : bad;
        optimizer.Invoking(refusing => refusing.Step()).Should().Throw<NonFiniteGradientException>().Which.ParameterName.Should().Be("w");
        module.w.Gradient()![0].Should().Be(1);
        module.w.Values().Should().Equal(0, 0, 0, 0);
        module.w.grad!.zero_();
        optimizer.Step().Applied.Should().BeTrue();
    }

    [TorchFact]
    public void EmptyParametersAndScalarsAreTrained()
    {
        using var module = new Parts(new OneParameter(torch.empty(0, 3)), new OneParameter(torch.tensor(5f)), new OneParameter(torch.empty(2, 0)));
        using ModuleOptimizer optimizer = Sgd(module);
        optimizer.Parameters.Should().HaveCount(3);
        module.parameters().Aggregate(torch.tensor(0f), (sum, parameter) => sum + parameter.sum()).backward();
        optimizer.Step();
        module.get_parameter("1.w")!.item<float>().Should().Be(4.5f);
    }

    [TorchFact]
    public void ModuleWithoutTrainableParametersIsRefused()
    {
        using Network module = torch.nn.ReLU();
        Action create = () => Sgd(module);
        create.Should().Throw<ArgumentException>().WithMessage("The module has no parameter that requires a gradient.*");
    }
}
