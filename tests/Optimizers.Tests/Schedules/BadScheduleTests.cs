namespace Optimizers.Tests;

/// <summary>The constructor of a schedule throws on invalid arguments, with the name and value of the argument.</summary>
public sealed class BadScheduleTests
{
    private static readonly (string Argument, Func<double, object> Make)[] _rates =
    [
        ("value", x => new Constant(x)),
        ("initial", x => new StepDecay(x, 1)),
        ("gamma", x => new StepDecay(1, 1, x)),
        ("peak", x => new Cosine(x, 1)),
        ("floor", x => new Cosine(1, 1, x)),
        ("peak", x => new WarmupCosine(x, 0, 1)),
        ("floor", x => new WarmupCosine(1, 0, 1, x)),
        ("start", x => new WarmupCosine(1, 0, 1, 0, x)),
        ("initial", x => new MultiStep(x, [])),
        ("gamma", x => new MultiStep(1, [], x)),
        ("initial", x => new Exponential(x, 1)),
        ("gamma", x => new Exponential(1, x)),
        ("initial", x => new ExponentialDecay(x, 1, 1)),
        ("decayRate", x => new ExponentialDecay(1, 1, x)),
        ("floor", x => new ExponentialDecay(1, 1, 1, floor: x)),
        ("initial", x => new InverseTime(x, 1, 1)),
        ("decayRate", x => new InverseTime(1, 1, x)),
        ("start", x => new Linear(x, 1, 1)),
        ("end", x => new Linear(1, x, 1)),
        ("start", x => new Polynomial(x, 1, 1, 1)),
        ("end", x => new Polynomial(1, x, 1, 1)),
        ("power", x => new Polynomial(1, 1, x, 1)),
        ("peak", x => new CosineRestarts(x, 1)),
        ("periodMultiplier", x => new CosineRestarts(1, 1, x)),
        ("peakMultiplier", x => new CosineRestarts(1, 1, 1, x)),
        ("floor", x => new CosineRestarts(1, 1, 1, 1, x)),
        ("peak", x => new WarmupLinear(x, 0, 1)),
        ("floor", x => new WarmupLinear(1, 0, 1, x)),
        ("start", x => new WarmupLinear(1, 0, 1, 0, x)),
        ("peak", x => new WarmupConstant(x, 0)),
        ("start", x => new WarmupConstant(1, 0, x)),
        ("peak", x => new InverseSquareRoot(x, 0)),
        ("timescale", x => new InverseSquareRoot(1, 0, x)),
        ("factor", x => new Noam(1, 0, x)),
        ("peak", x => new WarmupStableDecay(x, 0, 0, 0)),
        ("floor", x => new WarmupStableDecay(1, 0, 0, 0, x)),
        ("peak", x => new OneCycle(x, 1)),
        ("warmupFraction", x => new OneCycle(1, 1, x)),
        ("initialDivisor", x => new OneCycle(1, 1, initialDivisor: x)),
        ("finalDivisor", x => new OneCycle(1, 1, finalDivisor: x)),
        ("minimumMomentum", x => new OneCycle(1, 1, minimumMomentum: x)),
        ("maximumMomentum", x => new OneCycle(1, 1, maximumMomentum: x)),
        ("base", x => new Cyclic(x, 1, 1)),
        ("peak", x => new Cyclic(1, x, 1)),
        ("gamma", x => new Cyclic(1, 1, 1, gamma: x)),
        ("minimumMomentum", x => new Cyclic(1, 1, 1, minimumMomentum: x)),
        ("maximumMomentum", x => new Cyclic(1, 1, 1, maximumMomentum: x)),
        ("values", x => new PiecewiseConstant([1], [1, x])),
        ("initial", x => new Tanh(x, 1, 1)),
        ("floor", x => new Tanh(1, 1, x)),
        ("initial", x => new SwaAnneal(x, 1, 1)),
        ("swaRate", x => new SwaAnneal(1, x, 1)),
        ("initial", x => new ReduceOnPlateau(x)),
        ("factor", x => new ReduceOnPlateau(1, factor: x)),
        ("threshold", x => new ReduceOnPlateau(1, threshold: x)),
        ("floor", x => new ReduceOnPlateau(1, floor: x)),
        ("epsilon", x => new ReduceOnPlateau(1, epsilon: x)),
    ];

    // Values that are valid for other arguments, but not for this one.
    private static readonly (string Argument, string Value, Func<object> Make)[] _others =
    [
        ("power", "0", () => new Polynomial(1, 1, 0, 1)),
        ("gamma", "0", () => new Exponential(1, 0)),
        ("decayRate", "0", () => new ExponentialDecay(1, 1, 0)),
        ("timescale", "0", () => new InverseSquareRoot(1, 0, 0)),
        ("periodMultiplier", "0", () => new CosineRestarts(1, 1, 0)),
        ("periodMultiplier", "1001", () => new CosineRestarts(1, 1, 1_001)),
        ("peakMultiplier", "0", () => new CosineRestarts(1, 1, 1, 0)),
        ("warmupFraction", "1.5", () => new OneCycle(1, 1, 1.5)),
        ("initialDivisor", "0", () => new OneCycle(1, 1, initialDivisor: 0)),
        ("finalDivisor", "0", () => new OneCycle(1, 1, finalDivisor: 0)),
        ("minimumMomentum", "0.96", () => new OneCycle(1, 1, minimumMomentum: 0.96)),
        ("minimumMomentum", "0.95", () => new Cyclic(1, 1, 1, minimumMomentum: 0.95)),
        ("maximumMomentum", "1", () => new Cyclic(1, 1, 1, maximumMomentum: 1)),
        ("gamma", "1.5", () => new Cyclic(1, 1, 1, mode: CyclicMode.ExponentialRange, gamma: 1.5)),
        ("gamma", "0", () => new Cyclic(1, 1, 1, mode: CyclicMode.ExponentialRange, gamma: 0)),
        ("shape", "7", () => new OneCycle(1, 1, shape: (CurveShape)7)),
        ("shape", "7", () => new SwaAnneal(1, 1, 1, (CurveShape)7)),
        ("decayShape", "-1", () => new WarmupStableDecay(1, 1, 1, 1, 0, (CurveShape)(-1))),
        ("mode", "3", () => new Cyclic(1, 1, 1, mode: (CyclicMode)3)),
        ("mode", "2", () => new ReduceOnPlateau(1, (PlateauMode)2)),
        ("thresholdMode", "2", () => new ReduceOnPlateau(1, thresholdMode: (ThresholdMode)2)),
        ("threshold", "1", () => new ReduceOnPlateau(1, threshold: 1)),
        ("factor", "1", () => new ReduceOnPlateau(1, factor: 1)),
        ("lowerBound", "NaN", () => new Tanh(1, 1, 0, double.NaN)),
        ("upperBound", "NaN", () => new Tanh(1, 1, 0, 0, double.NaN)),
        ("upperBound", "-7", () => new Tanh(1, 1, 0, -7, -7)),
        ("milestones", "-2", () => new MultiStep(1, [5, -2])),
        ("milestones", "4", () => new Sequence([new Constant(1), new Constant(1), new Constant(1)], [5, 4])),
        ("milestones", "-1", () => new Sequence([new Constant(1), new Constant(1)], [-1])),
        ("boundaries", "[5, 4]", () => new PiecewiseConstant([5, 4], [1, 2, 3])),
        ("values", "2 and 2", () => new PiecewiseConstant([4, 5], [1, 2])),
        ("schedules", "1 and 1", () => new Sequence([new Constant(1)], [1])),
        ("schedules", "0 and 0", () => new Sequence([], [])),
        ("schedules", "null", () => new Sequence([null!], [])),
        ("schedules", "null", () => new Sequence(null!, [])),
        ("milestones", "null", () => new Sequence([new Constant(1)], null!)),
        ("milestones", "null", () => new MultiStep(1, null!)),
        ("boundaries", "null", () => new PiecewiseConstant(null!, [1])),
        ("values", "null", () => new PiecewiseConstant([], null!)),
        ("Name", "empty", () => new ReduceOnPlateau(1) { Name = "" }),
    ];

    // Two arguments that contradict each other. The message has the names and values of both.
    private static readonly (string[] Said, Func<object> Make)[] _pairs =
    [
        (["totalSteps is 5", "warmupSteps, which is 10"], () => new WarmupCosine(1, 10, 5)),
        (["totalSteps is 10", "warmupSteps, which is 10"], () => new WarmupLinear(1, 10, 10)),
        (["upperBound is -8", "lowerBound, which is -7"], () => new Tanh(1, 1, 0, -7, -8)),
        (["maximum is 0.5", "minimum, which is 0.75"], () => new Constant(1).Clamp(0.75, 0.5)),
        (["minimumMomentum is 0.96", "maximumMomentum, which is 0.95"], () => new OneCycle(1, 5, minimumMomentum: 0.96)),
        (["minimumMomentum is 0.95", "maximumMomentum, which is 0.9"], () => new Cyclic(1, 1, 1, minimumMomentum: 0.95)),
        (["stepsUp and stepsDown are 2 and 9223372036854775807"], () => new Cyclic(1, 1, 2, long.MaxValue)),
        (["stepsUp and stepsDown are 9223372036854775807 and 9223372036854775807"], () => new Cyclic(1, 1, long.MaxValue)),
        (["stableSteps and decaySteps are both 0", "peak, which is 0.5"], () => new WarmupStableDecay(0.5, 3, 0, 0)),
        (["threshold is 1.5", "mode is Min", "thresholdMode is Relative"], () => new ReduceOnPlateau(1, threshold: 1.5)),
        (["values", "boundaries", "3 and 1"], () => new PiecewiseConstant([4], [1, 2, 3])),
        (["schedules", "milestones", "1 and 2"], () => new Sequence([new Constant(1)], [1, 2])),
        (["batchSize is 6", "samples, which is 5", "dropLast"], () => Steps.PerEpoch(5, 6, dropLast: true)),
        (["1E+30 epochs", "samples = 7", "batchSize = 2"], () => Steps.FromEpochs(1e30, 7, 2)),
        (["HighestRate is 0.001", "LowestRate, which is 0.01"], () => Validated(new RateFinderOptions { LowestRate = 0.01, HighestRate = 0.001 })),
        (["Points is 20", "Smoothing is 0.95"], () => Validated(new RateFinderOptions { Points = 20, Smoothing = 0.95 })),
        (["highest is 0.1", "lowest, which is 1"], () => RateSweep.PerDecade(1, 0.1, 1)),
        (["MaximumStep is 0.25", "MinimumStep, which is 0.5"], () => new Rprop(1, new() { MinimumStep = 0.5, MaximumStep = 0.25 })),
        (["Beta3 is 0", "WarmupSteps is 5"], () => new AdEmaMix(1, new() { WarmupSteps = 5, Beta3 = 0 })),
        (["Momentum is 1", "Averaged is True"], () => new Momentum(1, new() { Averaged = true, Momentum = 1 })),
        (["Dampening is 0.25", "Averaged is True"], () => new Momentum(1, new() { Averaged = true, Dampening = 0.25 })),
    ];

    private static readonly (string Argument, long Value, Func<long, object> Make)[] _counts =
    [
        ("stepSize", 0, x => new StepDecay(1, x)),
        ("stepSize", -1, x => new StepDecay(1, x)),
        ("steps", 0, x => new Cosine(1, x)),
        ("steps", long.MinValue, x => new Cosine(1, x)),
        ("warmupSteps", -1, x => new WarmupCosine(1, x, 10)),
        ("totalSteps", 0, x => new WarmupCosine(1, 0, x)),
        ("totalSteps", -3, x => new WarmupCosine(1, 0, x)),
        ("totalSteps", 10, x => new WarmupCosine(1, 10, x)),
        ("totalSteps", 10, x => new WarmupCosine(1, 11, x)),
        ("totalSteps", 10, x => new WarmupCosine(1, long.MaxValue, x)),
        ("decaySteps", 0, x => new ExponentialDecay(1, x, 1)),
        ("begin", -1, x => new ExponentialDecay(1, 1, 1, false, x)),
        ("decaySteps", 0, x => new InverseTime(1, x, 1)),
        ("steps", 0, x => new Linear(1, 1, x)),
        ("begin", -1, x => new Linear(1, 1, 1, x)),
        ("steps", 0, x => new Polynomial(1, 1, 1, x)),
        ("begin", -1, x => new Polynomial(1, 1, 1, 1, x)),
        ("period", 0, x => new CosineRestarts(1, x)),
        ("warmupSteps", -1, x => new WarmupLinear(1, x, 10)),
        ("totalSteps", 10, x => new WarmupLinear(1, 10, x)),
        ("warmupSteps", -1, x => new WarmupConstant(1, x)),
        ("warmupSteps", -1, x => new InverseSquareRoot(1, x)),
        ("modelSize", 0, x => new Noam(x, 1)),
        ("warmupSteps", -1, x => new Noam(1, x)),
        ("warmupSteps", -1, x => new WarmupStableDecay(1, x, 0, 0)),
        ("stableSteps", -1, x => new WarmupStableDecay(1, 0, x, 0)),
        ("decaySteps", -1, x => new WarmupStableDecay(1, 0, 0, x)),
        ("totalSteps", 0, x => new OneCycle(1, x)),
        ("stepsUp", 0, x => new Cyclic(1, 1, x)),
        ("stepsUp", long.MaxValue, x => new Cyclic(1, 1, x)),
        ("stepsDown", 0, x => new Cyclic(1, 1, 1, x)),
        ("stepsDown", long.MaxValue, x => new Cyclic(1, 1, 1, x)),
        ("steps", 0, x => new Tanh(1, x, 1)),
        ("annealSteps", -1, x => new SwaAnneal(1, 1, x)),
        ("patience", -1, x => new ReduceOnPlateau(1, patience: x)),
        ("cooldown", -1, x => new ReduceOnPlateau(1, cooldown: x)),
    ];

    [Fact]
    public void InvalidRateThrows()
    {
        foreach ((string argument, Func<double, object> make) in _rates)
        {
            foreach (double rate in BadNumbers.NotFiniteOrNegative)
            {
                FluentActions.Invoking(() => make(rate)).Should().Throw<ArgumentOutOfRangeException>()
                    .WithParameterName(argument).WithMessage($"*{argument}*{rate}*");
            }
        }
    }

    [Fact]
    public void InvalidCountThrows()
    {
        foreach ((string argument, long value, Func<long, object> make) in _counts)
        {
            FluentActions.Invoking(() => make(value)).Should().Throw<ArgumentOutOfRangeException>()
                .WithParameterName(argument).WithMessage($"*{argument}*{value}*");
        }
    }

    [Fact]
    public void ArgumentInvalidForItsPlaceThrows()
    {
        foreach ((string argument, string value, Func<object> make) in _others)
        {
            FluentActions.Invoking(make).Should().Throw<ArgumentException>().Where(
                exception => exception.ParamName == argument
                    && (exception is ArgumentNullException || exception.Message.Contains(value, StringComparison.Ordinal)),
                $"{argument} is {value}");
        }
    }

    [Fact]
    public void ContradictoryArgumentsAreBothNamed()
    {
        foreach ((string[] said, Func<object> make) in _pairs)
        {
            FluentActions.Invoking(make).Should().Throw<ArgumentException>().Which.Message.Should().ContainAll(said);
        }
    }

    [Fact]
    public void InvalidEnumValueThrowsAndListsTheNames() =>
        FluentActions.Invoking(() => new Cyclic(1, 1, 1, mode: (CyclicMode)3)).Should().Throw<ArgumentOutOfRangeException>()
            .WithMessage("mode must be one of Triangular, Triangular2, ExponentialRange.*3*");

    [Fact]
    public void FactorOfZeroThrows() =>
        FluentActions.Invoking(() => new StepDecay(1, 1, 0)).Should().Throw<ArgumentOutOfRangeException>().WithParameterName("gamma");

    [Fact]
    public void NullFunctionThrows() =>
        FluentActions.Invoking(() => new FunctionSchedule(null!)).Should().Throw<ArgumentNullException>().WithParameterName("function");

    private static RateFinderOptions Validated(RateFinderOptions options)
    {
        options.Validate();
        return options;
    }

    [Fact]
    public void ZeroAndNegativeZeroAreValidRates()
    {
        foreach (double zero in new[] { 0, -0.0 })
        {
            new Constant(zero).At(3).Should().Be(0);
            new WarmupCosine(zero, 1, 2, zero, zero).At(1).Should().Be(0);
        }
    }
}
