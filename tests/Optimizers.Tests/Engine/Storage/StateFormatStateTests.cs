namespace Optimizers.Tests;

/// <summary>Reading, saving and loading state in narrow formats.</summary>
public sealed class StateFormatStateTests
{
    private const int Length = 4_200;

    [Theory]
    [InlineData(StateFormat.Float32, 2 * 4 * Length)]
    [InlineData(StateFormat.BFloat16, 2 * 2 * Length)]
    [InlineData(StateFormat.Half, 2 * 2 * Length)]
    [InlineData(StateFormat.Block8, 2 * (Length + (4 * 17)))]
    public void StateHasTheBytesOfItsFormat(StateFormat format, int bytes)
    {
        OptimizerState state = new Optimizer(Length, new AdamOptions(), 1, format).State;
        state.Format.Should().Be(format);
        state.Bytes.Should().Be(bytes);
        state.Save().Stored.Values.Sum(memory => memory.Length).Should().Be(format == StateFormat.Float32 ? 0 : bytes);
    }

    [Fact]
    public void SmallTensorsHaveNoBlocks()
    {
        new Optimizer(4_095, new AdamOptions(), 1, StateFormat.Block8).State.Format.Should().Be(StateFormat.Float32);
        new Optimizer(4_096, new AdamOptions(), 1, StateFormat.Block8).State.Format.Should().Be(StateFormat.Block8);
        using var set = new ParameterSet();
        set.AddRange(("bias", [100]), ("weight", [100, 100]), ("other", [5_000]));
        var optimizer = new ModelOptimizer(
            set,
            [
                new ParameterGroup(new AdamOptions()) { Where = p => p.Name != "other", StateFormat = StateFormat.Block8 },
                new ParameterGroup(new LionOptions()) { StateFormat = StateFormat.BFloat16 },
            ]);
        optimizer.StateOf("bias").Format.Should().Be(StateFormat.Float32);
        optimizer.StateOf("weight").Format.Should().Be(StateFormat.Block8);
        optimizer.StateOf("other").Format.Should().Be(StateFormat.BFloat16);
        optimizer.StateBytes.Should().Be((2 * 400) + (2 * (10_000 + (4 * 40))) + 10_000);
    }

    [Fact]
    public void SmallStatesShareMemoryWithoutOverlap()
    {
        using var set = new ParameterSet();
        set.AddRange([.. Enumerable.Range(0, 20).Select(i => ($"p{i}", new[] { 4_090 + i }))]);
        var optimizer = new ModelOptimizer(
            set, [new ParameterGroup(new AdamOptions()) { StateFormat = StateFormat.Block8 }]);
        foreach (Parameter parameter in set)
        {
            Draw.Floats(parameter.Length, parameter.Length).CopyTo(parameter.Gradients);
        }

        optimizer.Step();
        foreach (Parameter parameter in set)
        {
            var alone = new Optimizer(parameter.Length, new AdamOptions(), 1, StateFormat.Block8);
            Outcome expected = Outcome.Of(alone, new float[parameter.Length], [parameter.Gradients.ToArray()]);
            new Outcome(parameter.Values.ToArray(), optimizer.StateOf(parameter.Name).Save())
                .ShouldHaveTheBitsOf(expected, parameter.Name);
        }
    }

    [Theory]
    [InlineData(StateFormat.BFloat16)]
    [InlineData(StateFormat.Half)]
    [InlineData(StateFormat.Block8)]
    public void QuantizedStateIsReadAsACopy(StateFormat format)
    {
        var optimizer = new Optimizer(Length, new AdaGradOptions { InitialAccumulator = 0.25 }, 1, format);
        optimizer.State.Invoking(state => state["sum"].Length)
            .Should().Throw<InvalidOperationException>().WithMessage($"*{format}*Read*");
        var values = new float[Length];
        optimizer.State.Read("sum", values);
        values.Should().OnlyContain(value => value == 0.25f);
        optimizer.Step(new float[Length], Enumerable.Repeat(1f, Length).ToArray());
        optimizer.State.Read("sum", values);
        values.Average().Should().BeApproximately(1.25f, 0.01f);
        optimizer.State.Reset();
        optimizer.State.Read("sum", values);
        values.Should().OnlyContain(value => value == 0.25f);
        optimizer.State.Invoking(state => state.Read("sum", new float[Length - 1]))
            .Should().Throw<ArgumentException>().WithParameterName("destination").WithMessage("*4199*4200*");
        optimizer.State.Invoking(state => state.Read("sums", values))
            .Should().Throw<ArgumentException>().WithParameterName("name").WithMessage("*sums*sum*");
    }

    [Fact]
    public void Float32StateIsReadLikeOtherFormats()
    {
        var optimizer = new Adam(Length);
        optimizer.Step(new float[Length], Draw.Floats(1, Length));
        var values = new float[Length];
        optimizer.State.Read("exp_avg", values);
        values.AsSpan().SequenceEqual(optimizer.State["exp_avg"]).Should().BeTrue();
    }

    [Fact]
    public void SnapshotOfAnotherFormatThrowsAndChangesNothing()
    {
        OptimizerState[] states =
        [
            .. Enum.GetValues<StateFormat>().Select(format => new Optimizer(Length, new AdamOptions(), 1, format).State),
        ];
        foreach (OptimizerState state in states)
        {
            foreach (OptimizerState other in states.Where(other => other != state))
            {
                state.Invoking(s => s.Load(other.Save())).Should().Throw<ArgumentException>()
                    .WithParameterName("snapshot").WithMessage($"*{state.Format}*{other.Format}*");
            }
        }

        OptimizerState blocks = states[^1];
        OptimizerSnapshot saved = blocks.Save();
        OptimizerSnapshot Broken(string name, int bytes) => saved with
        {
            Stored = new Dictionary<string, ReadOnlyMemory<byte>>(saved.Stored.Where(slot => slot.Key != "exp_avg"))
            {
                [name] = new byte[bytes],
            },
        };
        blocks.Invoking(s => s.Load(Broken("exp_avg", 10))).Should().Throw<ArgumentException>().WithMessage("*exp_avg*10 bytes*4268*");
        blocks.Invoking(s => s.Load(Broken("mean", 10))).Should().Throw<ArgumentException>().WithMessage("*exp_avg, exp_avg_sq*found exp_avg_sq, mean*");
        blocks.Save().ShouldHaveTheBitsOf(saved, "after the refusals");
    }

    [Fact]
    public void InvalidFormatThrows()
    {
        FluentActions.Invoking(() => new Optimizer(1, new AdamOptions(), 1, (StateFormat)9))
            .Should().Throw<ArgumentOutOfRangeException>().WithParameterName("stateFormat").WithMessage("*9*");
        FluentActions.Invoking(() => new ParameterGroup(new AdamOptions()) { StateFormat = (StateFormat)9 })
            .Should().Throw<ArgumentOutOfRangeException>().WithParameterName("StateFormat");
    }

    [Fact]
    public void WithoutSlotsEveryFormatIsTheSame()
    {
        float[] start = Draw.Floats(1, Length);
        float[][] gradients = Draw.Gradients(2, 3, Length);
        float[] expected = Outcome.Of(new Sgd(Length), start, gradients).Parameters;
        foreach (StateFormat format in Enum.GetValues<StateFormat>())
        {
            var optimizer = new Optimizer(Length, new SgdOptions(), 1, format);
            Outcome.Of(optimizer, start, gradients).Parameters.ShouldHaveTheBitsOf(expected, $"{format}");
            optimizer.State.Bytes.Should().Be(0);
            optimizer.Clone().State.Iteration.Should().Be(3);
        }
    }
}
