namespace Optimizers.Tests;

/// <summary>The step sizes of Rprop start at the first rate above 0.</summary>
public sealed class RpropTests
{
    private const int Length = 9_000;
    private static readonly float[] _start = Draw.Floats(1, Length);
    private static readonly float[][] _gradients = Draw.Gradients(2, 12, Length);
    private static readonly double[] _rates = [0, 0, 1e-60, 0.01, 0.02, 0, 0.03, 0.04, 0, 0, 0.05, 0.06];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void UpdatesAtRateZeroBeforeTheFirstPositiveRateHaveNoEffect(int threads)
    {
        var optimizer = new Rprop(Length, null, threads);
        var late = new Rprop(Length, null, threads: 1);
        float[] parameters = [.. _start];
        float[] expected = [.. _start];
        for (int step = 0; step < _rates.Length; step++)
        {
            optimizer.Step(parameters, _gradients[step], _rates[step]);
            if (step >= 3)
            {
                late.Step(expected, _gradients[step], _rates[step]);
            }

            parameters.ShouldHaveTheBitsOf(expected, $"after update {step}");
            optimizer.State["step_size"].ToArray().ShouldHaveTheBitsOf(late.State["step_size"].ToArray(), "step sizes");
            optimizer.State["prev"].ToArray().ShouldHaveTheBitsOf(late.State["prev"].ToArray(), "gradients");
        }

        optimizer.State.Iteration.Should().Be(_rates.Length);
    }

    [Theory]
    [InlineData(StateFormat.Float32)]
    [InlineData(StateFormat.BFloat16)]
    [InlineData(StateFormat.Half)]
    [InlineData(StateFormat.Block8)]
    public void FirstMoveAfterAWarmupFromZeroIsTheFirstPositiveRate(StateFormat format)
    {
        using var set = new ParameterSet();
        Parameter parameter = set.Add("p", Length);
        var optimizer = new ModelOptimizer(
            set,
            [new ParameterGroup(new RpropOptions()) { StateFormat = format }],
            new() { Schedule = new WarmupConstant(0.25, 4) });
        Step(optimizer, parameter, 0);
        parameter.Values.ToArray().Should().OnlyContain(p => p == 0);
        Step(optimizer, parameter, 1);
        parameter.Values.ToArray().Zip(_gradients[1]).Should().OnlyContain(pair => pair.First == -0.0625f * Math.Sign(pair.Second));
    }

    [Fact]
    public void LateGroupStartsWithTheCurrentRate()
    {
        using var set = new ParameterSet();
        set.AddRange(("a", [3]), ("b", [3]), ("c", [3]));
        var off = new ParameterGroup(new RpropOptions()) { Where = p => p.Name == "b", RateFactor = 0 };
        var frozen = new ParameterGroup(new RpropOptions()) { Where = p => p.Name == "c", Frozen = true };
        var optimizer = new ModelOptimizer(
            set, [off, frozen, new ParameterGroup(new RpropOptions())], new() { Schedule = new Linear(0.5, 0, 4) });
        for (int step = 0; step < 3; step++)
        {
            set["a"].Gradients.Fill(1);
            set["b"].Gradients.Fill(1);
            set["c"].Gradients.Fill(1);
            off.RateFactor = step < 2 ? 0 : 1;
            frozen.Frozen = step < 1;
            optimizer.Step();
        }

        set["a"].Values.ToArray().Should().OnlyContain(p => p == -(0.5f + (0.5f * 1.2f) + (0.5f * 1.2f * 1.2f)));
        set["b"].Values.ToArray().Should().OnlyContain(p => p == -0.25f);
        set["c"].Values.ToArray().Should().OnlyContain(p => p == -(0.375f + (0.375f * 1.2f)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(6)]
    public void ResumedRunHasTheSameBits(int saved)
    {
        using var folder = new TemporaryFolder();
        using var whole = new Run();
        for (int step = 0; step < saved; step++)
        {
            whole.Step(step);
        }

        whole.Checkpoint.Save(folder["run"]);
        using var resumed = new Run();
        resumed.Checkpoint.Load(folder["run"]);
        for (int step = saved; step < _gradients.Length; step++)
        {
            whole.Step(step);
            resumed.Step(step);
        }

        resumed.Parameter.Values.ToArray().ShouldHaveTheBitsOf(whole.Parameter.Values.ToArray(), "parameters");
        resumed.Optimizer.StateOf("p").Save().ShouldHaveTheBitsOf(whole.Optimizer.StateOf("p").Save(), "state");
    }

    [Fact]
    public void TinyStepSizeDoesNotRestart()
    {
        var optimizer = new Rprop(1, new() { MinimumStep = 0, EtaMinus = 0 });
        float[] parameters = [0];
        foreach (float gradient in new float[] { 1, -1, -1, -1, 1, 1, 1 })
        {
            optimizer.Step(parameters, [gradient], 0.5);
        }

        parameters[0].Should().BeApproximately(-0.5f, 1e-30f);
        optimizer.State["step_size"][0].Should().BeInRange(1e-38f, 1e-35f);
    }

    private static void Step(ModelOptimizer optimizer, Parameter parameter, int step)
    {
        _gradients[step].CopyTo(parameter.Gradients);
        optimizer.Step();
    }

    private sealed class Run : IDisposable
    {
        private readonly ParameterSet _set = new();

        public Run()
        {
            Parameter = _set.Add("p", Length);
            _start.CopyTo(Parameter.Values);
            Optimizer = new ModelOptimizer(_set, new RpropOptions(), new() { Schedule = new WarmupLinear(0.05, 4, 12) });
            Checkpoint = new Checkpoint(Optimizer) { IncludeParameters = true };
        }

        public Parameter Parameter { get; }

        public ModelOptimizer Optimizer { get; }

        public Checkpoint Checkpoint { get; }

        public void Step(int step) => RpropTests.Step(Optimizer, Parameter, step);

        public void Dispose() => _set.Dispose();
    }
}
