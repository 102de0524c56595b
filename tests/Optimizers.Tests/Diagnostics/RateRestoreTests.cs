namespace Optimizers.Tests;

/// <summary>A search for a rate restores everything, however it ends.</summary>
public sealed class RateRestoreTests
{
    private const int Length = 1_031;
    private const int Before = 9;
    private const int Last = 6;

    private static readonly RateFinderOptions _options = new() { Points = 10, Smoothing = 0, LowestRate = 1e-4, HighestRate = 0.1 };
    private static readonly RateSweepOptions _sweep = new() { Rates = [1e-3, 0.1], Steps = Last + 2, Smoothing = 0 };

    // The ways in which a search ends. A function returns the loss of the step with an index, or throws in the last step.
    private static readonly Dictionary<string, Func<int, double>> _endings = new()
    {
        ["to the end"] = i => 5 - (0.1 * i),
        ["divergence"] = i => i < Last ? 5 : 1e9,
        ["NaN"] = i => i < Last ? 5 : double.NaN,
        ["infinity"] = i => i < Last ? 5 : double.PositiveInfinity,
        ["an exception"] = i => i < Last ? 5 : throw new TimeoutException("the step's own"),
        ["refused gradients"] = i => i < Last ? 5 : throw new NonFiniteGradientException("w", 0, float.NaN, 0),
        ["no first loss"] = _ => double.NaN,
    };

    private static readonly Dictionary<string, Type> _thrown = new()
    {
        ["an exception"] = typeof(InvalidOperationException),
        ["no first loss"] = typeof(ArgumentOutOfRangeException),
    };

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void SearchRestoresABufferAndItsState(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        IOptimizer optimizer = variant.Make(Length, variant.Options, 1);
        float[] parameters = Outcome.Of(optimizer, Draw.Floats(1, Length), Draw.Gradients(1, Before, Length)).Parameters;
        var before = new Outcome([.. parameters], optimizer.State.Save());
        foreach ((string ending, Func<int, double> loss) in _endings)
        {
            int taken = 0;
            double Step(double rate, int index)
            {
                optimizer.Step(parameters, Draw.Floats(index, Length), rate);
                parameters.AsSpan().SequenceEqual(before.Parameters).Should().BeFalse("the step must change the parameters");
                taken++;
                return loss(index);
            }

            int next = 0;
            Attempt(ending, () => RateFinder.Find(parameters, optimizer, rate => Step(rate, next++), _options));
            new Outcome(parameters, optimizer.State.Save()).ShouldHaveTheBitsOf(before, $"{ending} of a range test");
            Attempt(ending, () => RateSweep.Try(parameters, optimizer, Step, _sweep));
            new Outcome(parameters, optimizer.State.Save()).ShouldHaveTheBitsOf(before, $"{ending} of a sweep");
            taken.Should().BeGreaterThan(1);
        }
    }

    [Theory]
    [MemberData(nameof(Catalogue.Representatives), MemberType = typeof(Catalogue))]
    public void SearchRestoresAModel(string name)
    {
        IOptimizerOptions options = Catalogue.Variant(name).Options;
        using var whole = new TrainingRun(options);
        whole.Run(0, 25);
        IReadOnlyDictionary<string, float[]> expected = whole.Everything();
        foreach ((string ending, Func<int, double> loss) in _endings)
        {
            using var run = new TrainingRun(options);
            run.Run(0, Before);
            IReadOnlyDictionary<string, float[]> then = run.Everything();
            float[][] gradients = [.. run.Set.Select(parameter => parameter.Gradients.ToArray())];
            int next = 0;
            Attempt(ending, () => RateFinder.Find(run.Optimizer, _ => Step(run, next++, loss), _options));
            Attempt(ending, () => RateSweep.Try(run.Optimizer, (_, index) => Step(run, index, loss), _sweep));
            run.ShouldBe(then, ending);
            foreach ((float[] before, Parameter parameter) in gradients.Zip(run.Set))
            {
                parameter.Gradients.ToArray().ShouldHaveTheBitsOf(before, $"{ending}, gradients of {parameter.Name}");
            }

            run.Run(Before, 25);
            run.ShouldBe(expected, $"{ending}, continued");
        }
    }

    [Theory]
    [InlineData(StateFormat.BFloat16)]
    [InlineData(StateFormat.Half)]
    [InlineData(StateFormat.Block8)]
    public void SearchRestoresStateInNarrowFormats(StateFormat format)
    {
        var optimizer = new Optimizer(Length, new AdamOptions(), stateFormat: format);
        float[] parameters = Outcome.Of(optimizer, Draw.Floats(1, Length), Draw.Gradients(1, Before, Length)).Parameters;
        var before = new Outcome([.. parameters], optimizer.State.Save());
        int next = 0;
        RateFinder.Find(
            parameters,
            optimizer,
            rate =>
            {
                optimizer.Step(parameters, Draw.Floats(next, Length), rate);
                return _endings["to the end"](next++);
            },
            _options);
        new Outcome(parameters, optimizer.State.Save()).ShouldHaveTheBitsOf(before, $"{format}");
    }

    [Fact]
    public void SearchRestoresAveragesWrappersAndLossScales()
    {
        using var model = new WrappedModel(groups: new ParameterGroup(new MomentumOptions())
        {
            Where = parameter => parameter.Name == "matrix",
            MomentumSchedule = new Schedules.Linear(0.5, 0.9, 20),
        });
        var lookahead = new Lookahead(model.Optimizer);
        var accumulator = new GradientAccumulator(lookahead, new() { MicroBatches = 3 });
        var average = new ExponentialMovingAverage(model.Parameters);
        var plateau = new Schedules.ReduceOnPlateau(0.1, patience: 1);
        var checkpoint = new Checkpoint(model.Optimizer);
        checkpoint.Add("lookahead", lookahead);
        checkpoint.Add("accumulator", accumulator);
        checkpoint.Add("average", average);
        checkpoint.Add("plateau", plateau);
        checkpoint.Values["place"] = "7";
        foreach (Parameter parameter in model.Parameters)
        {
            parameter.KeepBFloat16Copy();
        }

        double Step(int index)
        {
            model.DrawGradients(index);
            average.Update(accumulator.Step());
            plateau.Observe(5);
            checkpoint.Values["place"] = $"{index}";
            return 5 - (0.1 * index);
        }

        // In the middle of an accumulation.
        for (int i = 0; i < 8; i++)
        {
            Step(i);
        }

        checkpoint.Values["place"] = "7";
        byte[] before = Saved(checkpoint);
        ushort[] rounded = Rounded(model);
        int next = 8;
        RateFinder.Find(checkpoint, _ => Step(next++), _options);
        Saved(checkpoint).Should().Equal(before);
        Rounded(model).Should().Equal(rounded);
        RateSweep.Try(checkpoint, (_, index) => Step(index), _sweep);
        Saved(checkpoint).Should().Equal(before);
        accumulator.Accumulated.Should().Be(2);
    }

    [Fact]
    public void SearchRestoresALossScale()
    {
        using var set = new ParameterSet();
        set.Add("w", 5).Values.Fill(1);
        var scaler = new LossScaler();
        var optimizer = new ModelOptimizer(set, new AdamOptions(), new() { LossScaler = scaler });
        double scale = scaler.Scale;
        int next = 0;
        RateReport report = RateFinder.Find(
            optimizer,
            _ =>
            {
                set["w"].Gradients.Fill(next % 2 == 1 ? float.PositiveInfinity : 1);
                optimizer.Step();
                return 5 - next++;
            },
            _options with { Points = 10 });
        report.Points.Should().HaveCount(10);
        scaler.Scale.Should().Be(scale);
        optimizer.UpdateCount.Should().Be(0);
        optimizer.StateOf("w").Iteration.Should().Be(0);
    }

    [Fact]
    public void SearchRestoresTheRatesOfGroups()
    {
        using var run = new TrainingRun(new SgdOptions());
        double[] before = [.. run.Optimizer.Groups.Select(run.Optimizer.LearningRateOf)];
        int next = 0;
        RateFinder.Find(run.Optimizer, _ => Step(run, next++, _endings["to the end"]), _options);
        run.Optimizer.Groups.Select(run.Optimizer.LearningRateOf).Should().Equal(before);
    }

    [Fact]
    public void ParameterAddedDuringASearchThrows()
    {
        using var set = new ParameterSet();
        set.Add("w", 5);
        var optimizer = new ModelOptimizer(set, new SgdOptions());
        int next = 0;
        FluentActions.Invoking(() => RateFinder.Find(optimizer, _ =>
        {
            set.Add($"more{next}", 1);
            return next++;
        })).Should().Throw<CheckpointException>().WithMessage("*more0*");
    }

    private static double Step(TrainingRun run, int index, Func<int, double> loss)
    {
        foreach (Parameter parameter in run.Set)
        {
            Draw.Floats((index * 50) + 1, parameter.Length).CopyTo(parameter.Gradients);
        }

        run.Optimizer.Groups[0].Frozen = index % 2 == 0;
        run.Optimizer.Groups[1].RateFactor = 2;
        run.Optimizer.Groups[1].WeightDecay = 0.25;
        run.Set["unused"].HasGradient = true;
        run.Set["scale"].HasGradient = index % 3 == 0;
        run.Optimizer.Step();
        return loss(index);
    }

    private static void Attempt(string ending, Action search)
    {
        if (_thrown.TryGetValue(ending, out Type? expected))
        {
            search.Should().Throw<Exception>().Which.Should().BeOfType(expected);
        }
        else
        {
            search();
        }
    }

    private static byte[] Saved(Checkpoint checkpoint)
    {
        using var folder = new TemporaryFolder();
        checkpoint.Save(folder["saved"]);
        return File.ReadAllBytes(folder["saved"]);
    }

    private static ushort[] Rounded(WrappedModel model) =>
        [.. model.Parameters.SelectMany(parameter => parameter.BFloat16Values.ToArray()).Select(value => value.Bits)];
}
