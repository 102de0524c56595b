namespace Optimizers.Tests;

/// <summary>Schedules for the momentum and the weight decay of a group.</summary>
public sealed class DrivenGroupTests
{
    private const int Length = 37;
    private const int Steps = 40;

    private static readonly OneCycle _cycle = new(0.01, Steps, minimumMomentum: 0.3);

    private static readonly Dictionary<string, IOptimizerOptions> _driven = new()
    {
        ["Momentum"] = new MomentumOptions { WeightDecay = 0.1 },
        ["Momentum, dampened"] = new MomentumOptions { Momentum = 0.3, Dampening = 0.2 },
        ["Momentum, averaged"] = new MomentumOptions { Averaged = true },
        ["Nesterov"] = new NesterovOptions(),
        ["RmsProp"] = new RmsPropOptions { Momentum = 0.9 },
        ["RmsProp, centered"] = new RmsPropOptions { Momentum = 0.5, Centered = true },
        ["Adam"] = new AdamOptions(),
        ["Adam, amsgrad"] = new AdamOptions { AmsGrad = true },
        ["AdamW"] = new AdamWOptions { WeightDecay = 0.1 },
        ["RAdam"] = new RAdamOptions(),
        ["Lion"] = new LionOptions { WeightDecay = 0.1 },
        ["Lamb"] = new LambOptions { WeightDecay = 0.1 },
    };

    public static TheoryData<string> Driven() => [.. _driven.Keys];

    public static TheoryData<string> Variants() => Catalogue.Variants();

    [Theory]
    [MemberData(nameof(Driven))]
    public void ScheduledMomentumEqualsOptionsWithThatMomentum(string name)
    {
        IOptimizerOptions options = _driven[name];
        using var model = new Model(options, _cycle, _cycle.Momentum);
        float[] parameters = model.Values.ToArray();
        IOptimizer reference = new Optimizer(Catalogue.ShapeFor(options, Length), options, 1);
        double product = 1;
        for (int step = 0; step < Steps; step++)
        {
            double momentum = _cycle.Momentum.At(step);
            product *= momentum;
            float[] gradients = model.Draw(step);

            // A new optimizer for every step: it has the β₁ of the step and the state of the optimizer before it.
            reference = new Optimizer(Length, WithMomentum(options, momentum), 1).WithStateOf(reference);
            if (CorrectsItsBias(options))
            {
                OptimizerSnapshot snapshot = reference.State.Save();
                reference.State.Load(snapshot with { MomentumProduct = step == 0 ? 1 : product / momentum });
            }

            reference.Step(parameters, gradients, _cycle.At(step));
            model.Optimizer.Step();
            for (int i = 0; i < Length; i++)
            {
                ((double)model.Values[i]).Should().BeApproximately(parameters[i], 1e-6, $"element {i} after step {step}");
            }
        }

        model.State.MomentumProduct.Should().Be(product);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AdamCorrectsBiasByTheProductOfTheBetas(bool rectified)
    {
        IOptimizerOptions options = rectified ? new RAdamOptions() : new AdamOptions();
        using var model = new Model(options, _cycle, _cycle.Momentum);
        double[] parameters = Array.ConvertAll(model.Values.ToArray(), value => (double)value);
        double[] m = new double[Length], v = new double[Length];
        double product = 1;
        for (int step = 0; step < Steps; step++)
        {
            float[] gradients = model.Draw(step);
            double beta = _cycle.Momentum.At(step), t = step + 1;
            product *= beta;
            double correction2 = 1 - Math.Pow(0.999, t), limit = (2 / 0.001) - 1;
            double length = limit - (2 * t * Math.Pow(0.999, t) / correction2);
            double rectification = Math.Sqrt((length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length));
            for (int i = 0; i < Length; i++)
            {
                m[i] = (beta * m[i]) + ((1 - beta) * gradients[i]);
                v[i] = (0.999 * v[i]) + (0.001 * gradients[i] * gradients[i]);
                double mean = m[i] / (1 - product);
                parameters[i] -= _cycle.At(step) * (!rectified ? mean / (Math.Sqrt(v[i] / correction2) + 1e-8)
                    : length > 5 ? mean * rectification * Math.Sqrt(correction2) / (Math.Sqrt(v[i]) + 1e-8)
                    : mean);
            }

            model.Optimizer.Step();
            for (int i = 0; i < Length; i++)
            {
                ((double)model.Values[i]).Should().BeApproximately(parameters[i], 2e-6, $"element {i} after step {step}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Driven))]
    public void ConstantScheduleOfTheSameMomentumChangesNothing(string name)
    {
        IOptimizerOptions options = _driven[name];
        using var driven = new Model(options, _cycle, new Constant(options.SchedulableMomentum!.Value));
        using var plain = new Model(options, _cycle, null);
        for (int step = 0; step < Steps; step++)
        {
            driven.Draw(step);
            plain.Draw(step);
            driven.Optimizer.Step();
            plain.Optimizer.Step();
        }

        for (int i = 0; i < Length; i++)
        {
            ((double)driven.Values[i]).Should().BeApproximately(plain.Values[i], 1e-6);
        }

        plain.State.MomentumProduct.Should().BeNull();
    }

    [Theory]
    [MemberData(nameof(Driven))]
    public void ResumedRunHasTheSameBits(string name)
    {
        const int Saved = 17;
        using var whole = new Model(_driven[name], _cycle, _cycle.Momentum);
        using var resumed = new Model(_driven[name], _cycle.Shift(-Saved), _cycle.Momentum.Shift(-Saved));
        for (int step = 0; step < Steps; step++)
        {
            if (step == Saved)
            {
                whole.Values.CopyTo(resumed.Values);
                resumed.State.Load(whole.State.Save());
            }

            if (step >= Saved)
            {
                resumed.Draw(step);
                resumed.Optimizer.Step();
            }

            whole.Draw(step);
            whole.Optimizer.Step();
        }

        resumed.Values.ToArray().ShouldHaveTheBitsOf(whole.Values.ToArray(), name);
        resumed.State.MomentumProduct.Should().Be(whole.State.MomentumProduct);
    }

    [Fact]
    public void EachParameterHasTheBetaProductOfItsOwnUpdates()
    {
        using var set = new ParameterSet();
        set.AddRange(("always", [3]), ("rare", [3]), ("frozen", [3]));
        var group = new ParameterGroup(new AdamOptions()) { Where = p => p.Name != "frozen", MomentumSchedule = _cycle.Momentum };
        var frozen = new ParameterGroup(new AdamOptions()) { MomentumSchedule = new Constant(0.5) };
        var optimizer = new ModelOptimizer(set, [group, frozen]);
        var products = new Dictionary<string, double> { ["always"] = 1, ["rare"] = 1, ["frozen"] = 1, ["late"] = 1 };
        for (int step = 0; step < Steps; step++)
        {
            set["rare"].HasGradient = step % 3 == 1;
            frozen.Frozen = step is > 5 and < 15;
            if (step == 20)
            {
                set.Add("late", 2);
            }

            optimizer.MomentumOf(group).Should().Be(_cycle.Momentum.At(step));
            optimizer.Step();
            foreach (Parameter parameter in set)
            {
                double momentum = parameter.Name == "frozen" ? 0.5 : _cycle.Momentum.At(step);
                bool takesPart = parameter.HasGradient && !(parameter.Name == "frozen" && frozen.Frozen);
                products[parameter.Name] *= takesPart ? momentum : 1;
                (optimizer.StateOf(parameter.Name).MomentumProduct ?? 1).Should().Be(products[parameter.Name], $"{parameter.Name}, {step}");
            }
        }
    }

    [Fact]
    public void StateWithoutBetaProductStartsWithThePowerOfTheOptions()
    {
        using var plain = new Model(new AdamOptions { Beta1 = 0.8 }, _cycle, null);
        plain.Optimizer.Step();
        plain.Optimizer.Step();
        using var driven = new Model(new AdamOptions { Beta1 = 0.8 }, _cycle, new Constant(0.5));
        driven.State.Load(plain.State.Save());
        driven.Optimizer.Step();
        driven.State.MomentumProduct.Should().Be(0.8 * 0.8 * 0.5);

        // A state with a product continues with it, and uses the β₁ of the options if there is no schedule.
        plain.State.Load(driven.State.Save());
        plain.Optimizer.Step();
        plain.State.MomentumProduct.Should().Be(0.8 * 0.8 * 0.5 * 0.8);
        plain.State.Reset();
        plain.State.MomentumProduct.Should().BeNull();
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void MomentumScheduleThrowsForOptimizersWithoutMomentum(string name)
    {
        IOptimizerOptions options = Catalogue.Variant(name).Options;
        Func<ParameterGroup> make = () => new ParameterGroup(options) { MomentumSchedule = _cycle.Momentum };
        if (options.SchedulableMomentum is not null)
        {
            make().MomentumSchedule.Should().NotBeNull();
        }
        else
        {
            make.Should().Throw<ArgumentException>().WithParameterName(nameof(ParameterGroup.MomentumSchedule))
                .WithMessage($"*{options.GetType().Name} has no momentum*");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(double.NaN)]
    [InlineData(-0.1)]
    public void InvalidScheduledMomentumThrowsBeforeAnythingChanges(double momentum)
    {
        using var model = new Model(new AdamOptions(), _cycle, new Given(k => k == 1 ? momentum : 0.5));
        model.Optimizer.Step();
        float[] before = model.Values.ToArray();
        model.Optimizer.Invoking(o => o.Step()).Should().Throw<ArgumentOutOfRangeException>()
            .WithParameterName(nameof(ParameterGroup.MomentumSchedule)).WithMessage($"*{momentum}*");
        model.Values.ToArray().ShouldHaveTheBitsOf(before, "parameters");
        model.State.Iteration.Should().Be(1);
        model.State.MomentumProduct.Should().Be(0.5);
    }

    [Theory]
    [InlineData(DecayForm.Coupled)]
    [InlineData(DecayForm.Decoupled)]
    [InlineData(DecayForm.InRule)]
    public void WeightDecayScheduleSetsTheDecay(DecayForm form)
    {
        IOptimizerOptions WithDecay(double decay) => form switch
        {
            DecayForm.Coupled => new SgdOptions { WeightDecay = decay },
            DecayForm.Decoupled => new AdamWOptions { WeightDecay = decay },
            _ => new LambOptions { WeightDecay = decay },
        };
        var decays = new Cosine(0.3, 30, 0.01);
        using var model = new Model(WithDecay(7), _cycle, null, decays);
        float[] parameters = model.Values.ToArray();
        IOptimizer reference = new Optimizer(Length, WithDecay(0), 1);
        for (int step = 0; step < Steps; step++)
        {
            float[] gradients = model.Draw(step);
            reference = new Optimizer(Length, WithDecay(decays.At(step)), 1).WithStateOf(reference);
            reference.Step(parameters, gradients, _cycle.At(step));
            model.Optimizer.WeightDecayOf(model.Group).Should().Be(decays.At(step));
            model.Optimizer.Step();
        }

        model.Values.ToArray().ShouldHaveTheBitsOf(parameters, form.ToString());
    }

    [Fact]
    public void WeightDecayAndItsScheduleTogetherThrow()
    {
        var schedule = new Constant(0.1);
        FluentActions.Invoking(() => new ParameterGroup(new SgdOptions()) { WeightDecay = 0.1, WeightDecaySchedule = schedule })
            .Should().Throw<ArgumentException>().WithParameterName(nameof(ParameterGroup.WeightDecaySchedule)).WithMessage("*0.1*");
        var group = new ParameterGroup(new SgdOptions()) { WeightDecaySchedule = schedule };
        group.Invoking(g => g.WeightDecay = 0).Should().Throw<ArgumentException>().WithParameterName(nameof(ParameterGroup.WeightDecay));
        group.WeightDecay.Should().BeNull();
    }

    [Fact]
    public void InvalidScheduledDecayThrows()
    {
        using var model = new Model(new SgdOptions(), _cycle, null, new Given(_ => double.NaN));
        model.Optimizer.Invoking(o => o.Step()).Should().Throw<ArgumentOutOfRangeException>()
            .WithParameterName(nameof(ParameterGroup.WeightDecaySchedule));
    }

    [Theory]
    [InlineData(-0.5)]
    [InlineData(double.NaN)]
    public void InvalidBetaProductIsNotLoaded(double product)
    {
        using var model = new Model(new AdamOptions(), _cycle, null);
        OptimizerSnapshot snapshot = model.State.Save() with { Iteration = 5, MomentumProduct = product };
        model.State.Invoking(state => state.Load(snapshot)).Should().Throw<ArgumentOutOfRangeException>()
            .WithParameterName(nameof(OptimizerSnapshot.MomentumProduct));
        model.State.Iteration.Should().Be(0);
    }

    [Fact]
    public void LowScheduledMomentumLeavesNoDenormals()
    {
        using var model = new Model(new MomentumOptions(), new Constant(0.01), new Constant(0.01));
        model.Draw(0);
        for (int step = 0; step < 60; step++)
        {
            model.Optimizer.Step();
            model.State["momentum_buffer"].ToArray().Should().OnlyContain(value => value == 0 || float.IsNormal(value));
            model.Gradients.Clear();
        }

        model.State["momentum_buffer"].ToArray().Should().OnlyContain(value => value == 0);
    }

    [Fact]
    public void ScheduledStepAllocatesNothing()
    {
        using var model = new Model(
            new AdamOptions(),
            new CosineRestarts(0.1, 3, 1.5).WithWarmup(2).Scale(0.5).Shift(1).Clamp(0, 1).InEpochs(2),
            _cycle.Momentum,
            new Sequence([new Constant(0.1), new MultiStep(0.1, [3])], [7]));
        Allocations.Of(() => model.Optimizer.Step()).Should().Be(0);
    }

    private static bool CorrectsItsBias(IOptimizerOptions options) =>
        options is AdamOptions or AdamWOptions or RAdamOptions or LambOptions;

    private static IOptimizerOptions WithMomentum(IOptimizerOptions options, double momentum) => options switch
    {
        MomentumOptions o => o with { Momentum = momentum },
        NesterovOptions o => o with { Momentum = momentum },
        RmsPropOptions o => o with { Momentum = momentum },
        AdamOptions o => o with { Beta1 = momentum },
        AdamWOptions o => o with { Beta1 = momentum },
        RAdamOptions o => o with { Beta1 = momentum },
        LionOptions o => o with { Beta1 = momentum },
        LambOptions o => o with { Beta1 = momentum },
        _ => throw new ArgumentException($"{options} is not in the test's table.", nameof(options)),
    };

    /// <summary>A model of one parameter in one group.</summary>
    private sealed class Model : IDisposable
    {
        private readonly ParameterSet _set = new();

        public Model(IOptimizerOptions options, ILrSchedule rate, ILrSchedule? momentum, ILrSchedule? decay = null)
        {
            _set.Add("p", Length);
            Optimizers.Tests.Draw.Floats(1, Length).CopyTo(Values);
            Draw(0);
            Group = new ParameterGroup(options) { Schedule = rate, MomentumSchedule = momentum, WeightDecaySchedule = decay };
            Optimizer = new ModelOptimizer(_set, [Group]);
        }

        public ParameterGroup Group { get; }

        public ModelOptimizer Optimizer { get; }

        public OptimizerState State => Optimizer.StateOf("p");

        public Span<float> Values => _set["p"].Values;

        public Span<float> Gradients => _set["p"].Gradients;

        public float[] Draw(int step)
        {
            float[] gradients = Optimizers.Tests.Draw.Floats(100 + step, Length);
            gradients.CopyTo(Gradients);
            return gradients;
        }

        public void Dispose() => _set.Dispose();
    }

    private sealed class Given(Func<long, double> value) : ILrSchedule
    {
        public double At(long step) => value(step);
    }
}
