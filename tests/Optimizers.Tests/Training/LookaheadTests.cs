namespace Optimizers.Tests;

public sealed class LookaheadTests
{
    [Theory]
    [InlineData(1, 0.5)]
    [InlineData(3, 0.8)]
    [InlineData(5, 0.5)]
    [InlineData(4, 1.0)]
    public void EveryKthStepMovesBackPartOfTheWay(int period, double stepSize)
    {
        using var model = new WrappedModel(new SgdOptions { LearningRate = 0.1 });
        using var alone = new WrappedModel(new SgdOptions { LearningRate = 0.1 });
        var lookahead = new Lookahead(model.Optimizer, new() { SynchronizationPeriod = period, SlowStepSize = stepSize });
        float[] slow = model.All;
        for (int step = 1; step <= 12; step++)
        {
            model.DrawGradients(step);
            alone.DrawGradients(step);
            lookahead.Step().Update.Should().Be(step - 1);
            alone.Optimizer.Step();
            if (step % period == 0)
            {
                slow = [.. slow.Zip(alone.All, (s, p) => s + ((float)stepSize * (p - s)))];
                Set(alone.Parameters, slow);
            }

            model.All.ShouldHaveTheBitsOf(alone.All, $"fast weights after step {step}");
            ((float[])[.. model.Parameters.SelectMany(p => lookahead.SlowWeights(p.Name).ToArray())])
                .ShouldHaveTheBitsOf(slow, $"slow weights after step {step}");
        }

        lookahead.StateBytes.Should().Be(4 * model.Parameters.ElementCount);
    }

    [Fact]
    public void EveryNumberOfThreadsAndLanesGivesTheSameBits()
    {
        float[] expected = Run(1, 1);
        foreach ((int threads, int lane) in new[] { (1, 4), (1, 16), (2, 8), (3, 16), (4, 4) })
        {
            Run(threads, lane).ShouldHaveTheBitsOf(expected, $"{threads} threads in lanes of {lane}");
        }

        static float[] Run(int threads, int lane)
        {
            using var model = new WrappedModel(scale: 500, threads: threads);
            var lookahead = new Lookahead(model.Optimizer, new() { SynchronizationPeriod = 2, Threads = threads }, lane);
            for (int step = 1; step <= 5; step++)
            {
                model.DrawGradients(step);
                lookahead.Step();
            }

            return [.. model.All, .. lookahead.SlowWeights("vector")];
        }
    }

    [Fact]
    public void RunResumedAtAnyStepHasTheSameBits()
    {
        using var model = new WrappedModel();
        var lookahead = new Lookahead(model.Optimizer, new() { SynchronizationPeriod = 4 });
        using var twin = new WrappedModel();
        var uninterrupted = new Lookahead(twin.Optimizer, new() { SynchronizationPeriod = 4 });
        for (int step = 1; step <= 14; step++)
        {
            model.DrawGradients(step);
            twin.DrawGradients(step);
            lookahead = new MemoryCheckpoint(lookahead).LoadInto(
                new Lookahead(model.Optimizer, new() { SynchronizationPeriod = 4 }));
            lookahead.Step();
            uninterrupted.Step();
            model.All.ShouldHaveTheBitsOf(twin.All, $"step {step}");
            lookahead.StepCount.Should().Be(step);
        }

        new MemoryCheckpoint(lookahead).Names.Should().BeEquivalentTo(
            "options", "matrix.slow", "vector.slow", "empty.slow", "scalar.slow", "steps");
    }

    [Fact]
    public void OnlyAppliedStepsCount()
    {
        using var model = new WrappedModel();
        var lookahead = new Lookahead(model.Optimizer, new() { SynchronizationPeriod = 2 });
        model.DrawGradients(1);
        lookahead.Step();
        float[] afterOne = model.All;
        SetGradients(model.Parameters, false);
        lookahead.Step().Applied.Should().BeFalse();
        lookahead.StepCount.Should().Be(1);
        model.All.ShouldHaveTheBitsOf(afterOne, "no synchronisation");
    }

    [Fact]
    public void FrozenParametersStayAndMissingGradientsMoveBack()
    {
        var frozen = new ParameterGroup(new SgdOptions()) { Where = p => p.Name == "vector" };
        using var model = new WrappedModel(new SgdOptions { LearningRate = 1 }, groups: frozen);
        model.Parameters["scalar"].Values[0] = float.NegativeInfinity;
        float start = model.Parameters["matrix"].Values[0];
        var lookahead = new Lookahead(model.Optimizer, new() { SynchronizationPeriod = 2 });
        foreach (Parameter parameter in model.Parameters)
        {
            parameter.Gradients.Fill(1);
        }

        model.Parameters["scalar"].HasGradient = false;
        lookahead.Step();
        frozen.Frozen = true;
        model.Parameters["matrix"].HasGradient = false;
        float[] held = model.Parameters["vector"].Values.ToArray();
        model.Parameters["empty"].HasGradient = true;
        lookahead.Step();
        lookahead.StepCount.Should().Be(2);
        model.Parameters["vector"].Values.ToArray().ShouldHaveTheBitsOf(held, "frozen at the synchronisation");
        model.Parameters["matrix"].Values[0].Should().Be(start + (0.5f * (start - 1 - start)));
        model.Parameters["scalar"].Values[0].Should().Be(float.NegativeInfinity);
    }

    [Fact]
    public void AddedParameterStartsWithItsCurrentValues()
    {
        using var model = new WrappedModel(new SgdOptions { LearningRate = 1 });
        var lookahead = new Lookahead(model.Optimizer, new() { SynchronizationPeriod = 2 });
        lookahead.Step();
        Parameter late = model.Parameters.Add("late", 1);
        late.Values[0] = 8;
        late.Gradients[0] = 4;
        lookahead.Invoking(l => _ = l.SlowWeights("late")).Should().Throw<ArgumentException>().WithMessage("*\"late\"*");
        lookahead.Step();
        late.Values[0].Should().Be(6);
        lookahead.SlowWeights("late")[0].Should().Be(6);
    }

    [Fact]
    public void RestartReplacesTheSlowWeights()
    {
        using var model = new WrappedModel();
        var lookahead = new Lookahead(model.Optimizer, new() { SynchronizationPeriod = 2 });
        lookahead.Step();
        model.Parameters["vector"].Values.Fill(100);
        lookahead.Restart();
        lookahead.StepCount.Should().Be(0);
        lookahead.SlowWeights("vector").ToArray().Should().OnlyContain(value => value == 100);
    }

    [Fact]
    public void SlowWeightsSwapInAndOut()
    {
        using var model = new WrappedModel();
        var lookahead = new Lookahead(model.Optimizer);
        float[] start = model.All;
        model.DrawGradients(1);
        lookahead.Step();
        float[] fast = model.All;
        using (lookahead.SwapIn())
        {
            model.All.ShouldHaveTheBitsOf(start, "slow weights");
            lookahead.SlowWeights("vector").ShouldHaveTheBitsOf(model.Parameters["vector"].Values, "slow weights");
            lookahead.Invoking(l => l.Step()).Should().Throw<InvalidOperationException>().WithMessage("*slow weights*");
            lookahead.Invoking(l => l.Describe(new())).Should().Throw<InvalidOperationException>();
        }

        model.All.ShouldHaveTheBitsOf(fast, "fast weights");
        lookahead.Step();
    }

    [Fact]
    public void StepAllocatesNothing()
    {
        using var model = new WrappedModel(scale: 400);
        for (int threads = 1; threads <= 2; threads++)
        {
            var lookahead = new Lookahead(model.Optimizer, new() { SynchronizationPeriod = 2, Threads = threads });
            Allocations.Of(() => lookahead.Step()).Should().Be(0, $"a step on {threads} threads must not allocate");
        }
    }

    [Fact]
    public void InvalidArgumentThrows()
    {
        using var model = new WrappedModel();
        foreach (double size in BadNumbers.NotFiniteOrNegative.Append(0).Append(1.001))
        {
            Refuses("SlowStepSize", new() { SlowStepSize = size });
        }

        Refuses("SynchronizationPeriod", new() { SynchronizationPeriod = 0 });
        Refuses("Threads", new() { Threads = -1 });
        FluentActions.Invoking(() => new Lookahead(null!)).Should().Throw<ArgumentNullException>();

        void Refuses(string option, LookaheadOptions options) =>
            FluentActions.Invoking(() => new Lookahead(model.Optimizer, options))
                .Should().Throw<ArgumentOutOfRangeException>().WithParameterName(option);
    }

    private static void SetGradients(ParameterSet parameters, bool present)
    {
        foreach (Parameter parameter in parameters)
        {
            parameter.HasGradient = present;
        }
    }

    private static void Set(ParameterSet parameters, ReadOnlySpan<float> values)
    {
        foreach (Parameter parameter in parameters)
        {
            values[..parameter.Length].CopyTo(parameter.Values);
            values = values[parameter.Length..];
        }
    }
}
