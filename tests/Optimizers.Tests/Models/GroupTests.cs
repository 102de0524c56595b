namespace Optimizers.Tests;

/// <summary>The parameters of a group, and the settings that the group has for them.</summary>
public sealed class GroupTests : IDisposable
{
    private const int Length = 6;

    private readonly ParameterSet _set = new();
    private readonly float[] _gradients = Draw.Floats(7, Length);

    public GroupTests()
    {
        foreach (string name in new[] { "weight", "bias", "norm" })
        {
            _set.Add(name, Length);
            Draw.Floats(1, Length).CopyTo(_set[name].Values);
            _gradients.CopyTo(_set[name].Gradients);
        }
    }

    public void Dispose() => _set.Dispose();

    [Fact]
    public void ParameterBelongsToTheFirstMatchingGroup()
    {
        new ModelOptimizer(
            _set,
            [
                Group(new SgdOptions { LearningRate = 1 }, "weight"),
                Group(new SgdOptions { LearningRate = 2 }, "weight", "bias"),
                new ParameterGroup(new SgdOptions { LearningRate = 3 }) { Where = _ => true },
                new ParameterGroup(new SgdOptions { LearningRate = 4 }) { Where = p => p.Name == "norm", MayBeEmpty = true },
            ]).Step();
        CheckStepped("weight", new SgdOptions { LearningRate = 1 });
        CheckStepped("bias", new SgdOptions { LearningRate = 2 });
        CheckStepped("norm", new SgdOptions { LearningRate = 3 });
    }

    [Fact]
    public void GroupsMayUseDifferentOptimizers()
    {
        var optimizer = new ModelOptimizer(
            _set, [Group(new AdamWOptions(), "weight"), Group(new LambOptions(), "bias"), new ParameterGroup(new LionOptions())]);
        optimizer.Step();
        CheckStepped("weight", new AdamWOptions());
        CheckStepped("bias", new LambOptions());
        CheckStepped("norm", new LionOptions());
        optimizer.StateOf("weight").SlotNames.Should().Equal("exp_avg", "exp_avg_sq");
        optimizer.StateOf("norm").SlotNames.Should().Equal("exp_avg");
        optimizer.StateBytes.Should().Be(4 * Length * (2 + 2 + 1));
    }

    [Fact]
    public void ParameterWithoutGroupThrowsBeforeAnythingChanges()
    {
        FluentActions.Invoking(() => new ModelOptimizer(_set, [Group(new SgdOptions(), "weight", "bias")]))
            .Should().Throw<ArgumentException>().WithMessage("*\"norm\" matches no group*");
        CheckUntouched("weight", "bias", "norm");
    }

    [Fact]
    public void GroupWithoutParametersHasNoEffect()
    {
        var empty = new ParameterGroup(new SgdOptions { LearningRate = 7 }) { Where = p => p.Name == "absent", MayBeEmpty = true };
        var optimizer = new ModelOptimizer(_set, [empty, new ParameterGroup(new AdamOptions())]);
        optimizer.Step().Updated.Should().Be(3);
        optimizer.LearningRateOf(empty).Should().Be(7);
    }

    [Fact]
    public void RateFactorMultipliesTheRateOfOptionsAndSchedules()
    {
        var own = new ParameterGroup(new SgdOptions()) { Where = p => p.Name == "weight", RateFactor = 3, Schedule = new Constant(0.125) };
        var model = new ParameterGroup(new SgdOptions()) { Where = p => p.Name == "bias", RateFactor = 0.5 };
        var optimizer = new ModelOptimizer(_set, [own, model, new ParameterGroup(new SgdOptions())], new() { Schedule = new Constant(0.25) });
        optimizer.LearningRateOf(own).Should().Be(0.375);
        optimizer.LearningRateOf(model).Should().Be(0.125);
        optimizer.Step().LearningRate.Should().Be(0.375);
        CheckStepped("weight", new SgdOptions { LearningRate = 0.375 });
        CheckStepped("bias", new SgdOptions { LearningRate = 0.125 });
        CheckStepped("norm", new SgdOptions { LearningRate = 0.25 });

        var plain = new ParameterGroup(new SgdOptions { LearningRate = 0.5 }) { RateFactor = 0.5 };
        new ModelOptimizer(_set, [plain]).LearningRateOf(plain).Should().Be(0.25);
        plain.RateFactor = 2;
        new ModelOptimizer(_set, [plain]).LearningRateOf(plain).Should().Be(1);
    }

    [Theory]
    [InlineData(typeof(SgdOptions))]
    [InlineData(typeof(AdamWOptions))]
    [InlineData(typeof(LambOptions))]
    public void GroupDecayReplacesTheDecayOfTheOptions(Type optionsType)
    {
        OptimizerRow row = Catalogue.Optimizers.Single(row => row.Defaults.GetType() == optionsType);
        var more = new ParameterGroup(row.Defaults) { Where = p => p.Name == "weight", WeightDecay = 0.5 };
        var none = new ParameterGroup(row.Defaults) { Where = p => p.Name == "bias", WeightDecay = 0 };
        new ModelOptimizer(_set, [more, none, new ParameterGroup(row.Defaults)]).Step();
        CheckStepped("weight", WithDecay(0.5));
        CheckStepped("bias", WithDecay(0));
        CheckStepped("norm", row.Defaults);
        _set["weight"].Values.SequenceEqual(_set["bias"].Values).Should().BeFalse();

        IOptimizerOptions WithDecay(double decay) => row.Defaults switch
        {
            SgdOptions options => options with { WeightDecay = decay },
            AdamWOptions options => options with { WeightDecay = decay },
            LambOptions options => options with { WeightDecay = decay },
            _ => throw new ArgumentException($"{optionsType} is not in the test's table.", nameof(optionsType)),
        };
    }

    [Fact]
    public void ScheduleIndexIsTheNumberOfUpdates()
    {
        var asked = new List<long>();
        var schedule = new FunctionSchedule(k =>
        {
            asked.Add(k);
            return 0.1 * (k + 1);
        });
        var optimizer = new ModelOptimizer(_set, new SgdOptions(), new() { Schedule = schedule });
        optimizer.Step().LearningRate.Should().Be(0.1);
        optimizer.Step().LearningRate.Should().Be(0.2);
        asked.Should().Equal(0, 1);
        optimizer.LearningRateOf(optimizer.Groups[0]).Should().Be(0.1 * 3);
    }

    [Fact]
    public void GroupsKeepTheirOrder()
    {
        ParameterGroup[] groups = [Group(new SgdOptions(), "weight"), new(new LionOptions())];
        new ModelOptimizer(_set, groups).Groups.Should().Equal(groups);
    }

    [Fact]
    public void InvalidGroupSettingsThrow()
    {
        var group = new ParameterGroup(new SgdOptions()) { RateFactor = 2, WeightDecay = 3 };
        foreach (double value in BadNumbers.NotFiniteOrNegative)
        {
            group.Invoking(g => g.RateFactor = value).Should().Throw<ArgumentOutOfRangeException>()
                .WithParameterName("RateFactor").WithMessage($"*{value}*");
            group.Invoking(g => g.WeightDecay = value).Should().Throw<ArgumentOutOfRangeException>()
                .WithParameterName("WeightDecay").WithMessage($"*{value}*");
        }

        group.RateFactor.Should().Be(2);
        group.WeightDecay.Should().Be(3);
        FluentActions.Invoking(() => new ParameterGroup(null!)).Should().Throw<ArgumentNullException>().WithParameterName("options");
    }

    private static ParameterGroup Group(IOptimizerOptions options, params string[] names) =>
        new(options) { Where = parameter => names.Contains(parameter.Name) };

    private void CheckStepped(string name, IOptimizerOptions options) =>
        _set[name].Values.ToArray().ShouldHaveTheBitsOf(
            Outcome.Of(new Optimizer(Length, options), Draw.Floats(1, Length), [_gradients]).Parameters, name);

    private void CheckUntouched(params string[] names)
    {
        foreach (string name in names)
        {
            _set[name].Values.ToArray().ShouldHaveTheBitsOf(Draw.Floats(1, Length), name);
        }
    }
}
