namespace Optimizers.Tests;

/// <summary>Invalid models throw in the constructor, and a failed step changes nothing.</summary>
public sealed class BadModelTests : IDisposable
{
    private readonly ParameterSet _set = new();
    private readonly ParameterSet _empty = new();

    public BadModelTests()
    {
        _set.AddRange(("a", [3]), ("b", [2]));
        foreach (Parameter parameter in _set)
        {
            Draw.Floats(1, parameter.Length).CopyTo(parameter.Values);
            Draw.Floats(2, parameter.Length).CopyTo(parameter.Gradients);
        }
    }

    public void Dispose()
    {
        _set.Dispose();
        _empty.Dispose();
    }

    [Fact]
    public void InvalidConstructorArgumentThrows()
    {
        ParameterGroup[] groups = [new(new SgdOptions())];
        foreach ((string argument, string message, Action make) in new (string, string, Action)[]
                 {
                     ("parameters", "*", () => _ = new ModelOptimizer(null!, new SgdOptions())),
                     ("parameters", "*", () => _ = new ModelOptimizer(null!, groups)),
                     ("optimizer", "*", () => _ = new ModelOptimizer(_set, (IOptimizerOptions)null!)),
                     ("groups", "*", () => _ = new ModelOptimizer(_set, (IReadOnlyList<ParameterGroup>)null!)),
                     ("groups", "*The list of groups is empty*", () => _ = new ModelOptimizer(_set, [])),
                     ("groups", "*", () => _ = new ModelOptimizer(_set, [.. groups, null!])),
                     ("parameters", "*no parameters*", () => _ = new ModelOptimizer(_empty, new SgdOptions())),
                     ("Threads", "*-1*", () => _ = new ModelOptimizer(_set, groups, new() { Threads = -1 })),
                     ("Beta1", "*NaN*", () => _ = new ModelOptimizer(_set, new AdamOptions { Beta1 = double.NaN })),
                 })
        {
            make.Should().Throw<ArgumentException>().WithParameterName(argument).WithMessage(message);
        }
    }

    [Fact]
    public void UnknownParameterOrGroupThrows()
    {
        var optimizer = new ModelOptimizer(_set, new SgdOptions());
        optimizer.Invoking(o => o.StateOf("c")).Should().Throw<ArgumentException>().WithParameterName("name").WithMessage("*\"c\"*");
        optimizer.Invoking(o => o.StateOf(null!)).Should().Throw<ArgumentNullException>().WithParameterName("name");
        optimizer.Invoking(o => o.LearningRateOf(new ParameterGroup(new SgdOptions())))
            .Should().Throw<ArgumentException>().WithParameterName("group");
        optimizer.Invoking(o => o.LearningRateOf(null!)).Should().Throw<ArgumentException>().WithParameterName("group");
    }

    [Fact]
    public void ZeroGradientsWithOverlappingGradientsThrows()
    {
        float[] shared = new float[10];
        using var set = new ParameterSet();
        set.AddView("first", [6], new float[6], shared.AsMemory(0, 6));
        var zeroing = new ModelOptimizerOptions { ZeroGradients = true };
        var optimizer = new ModelOptimizer(set, new AdamOptions(), zeroing);
        optimizer.Step();
        set.AddView("empty", [0], Memory<float>.Empty, shared.AsMemory(3, 0));
        set.AddView("second", [5], new float[5], shared.AsMemory(5, 5));
        optimizer.Invoking(o => o.Step()).Should().Throw<ArgumentException>().WithMessage("*\"second\" overlap*\"first\"*");
        optimizer.UpdateCount.Should().Be(1);
        optimizer.StateOf("first").Iteration.Should().Be(1);
        FluentActions.Invoking(() => new ModelOptimizer(set, new AdamOptions(), zeroing)).Should().Throw<ArgumentException>();
        new ModelOptimizer(set, new AdamOptions()).Step().Updated.Should().Be(3);
    }

    public static TheoryData<string, Type> Failures() => new()
    {
        { "the schedule gives NaN", typeof(ArgumentOutOfRangeException) },
        { "the schedule gives a negative rate", typeof(ArgumentOutOfRangeException) },
        { "the schedule gives more than a float", typeof(ArgumentOutOfRangeException) },
        { "the factor makes the rate more than a float", typeof(ArgumentOutOfRangeException) },
        { "the schedule throws", typeof(FormatException) },
        { "the function gives NaN", typeof(InvalidOperationException) },
        { "the second group's rule cannot be made", typeof(FormatException) },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public void FailureBeforeTheUpdateChangesNothing(string what, Type exception)
    {
        bool armed = false;
        ParameterGroup first = new(new AdamOptions()) { Where = p => p.Name == "a" };
        ParameterGroup second = Second(what, () => armed);
        var optimizer = new ModelOptimizer(_set, [first, second], new() { ZeroGradients = true, Clip = new ClipByGlobalNorm() });
        optimizer.Step();
        Draw.Floats(3, 3).CopyTo(_set["a"].Gradients);
        Outcome before = Now(optimizer);
        float[] gradients = _set["a"].Gradients.ToArray();

        armed = true;
        optimizer.Invoking(o => o.Step()).Should().Throw<Exception>().Which.Should().BeOfType(exception);
        Now(optimizer).ShouldHaveTheBitsOf(before, what);
        _set["a"].Gradients.ToArray().ShouldHaveTheBitsOf(gradients, what);
        optimizer.UpdateCount.Should().Be(1);
        optimizer.StateOf("b").Iteration.Should().Be(1);

        armed = false;
        optimizer.Step().Update.Should().Be(1);
        optimizer.StateOf("a").Iteration.Should().Be(2);
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 200_000)]
    public void ExceptionFromARuleReachesTheCaller(int threads, int length)
    {
        bool armed = true;
        using var set = new ParameterSet();
        set.Add("p", length).Gradients.Fill(1);
        var options = new ThrowingOptions { OnRun = () => ThrowIf(armed) };
        var optimizer = new ModelOptimizer(set, [new ParameterGroup(options)], new() { Threads = threads });
        optimizer.Invoking(o => o.Step()).Should().Throw<InvalidOperationException>()
            .WithMessage("*incomplete*").WithInnerException<FormatException>().WithMessage("mine");
        armed = false;
        optimizer.Step().Applied.Should().BeTrue();
        set["p"].Values.ToArray().Should().OnlyContain(value => value == -0.5f);
    }

    private static ParameterGroup Second(string what, Func<bool> armed) => what switch
    {
        "the schedule gives NaN" => Scheduled(() => armed() ? double.NaN : 1),
        "the schedule gives a negative rate" => Scheduled(() => armed() ? -1 : 1),
        "the schedule gives more than a float" => Scheduled(() => armed() ? 1e39 : 1),
        "the factor makes the rate more than a float" =>
            new(new SgdOptions()) { Schedule = new Given(() => armed() ? 1e20 : 1), RateFactor = 1e20 },
        "the schedule throws" => Scheduled(() => armed() ? throw new FormatException("mine") : 1),
        "the function gives NaN" => new(new SgdOptions()) { Schedule = new FunctionSchedule(_ => armed() ? double.NaN : 1) },
        "the second group's rule cannot be made" => new(new ThrowingOptions { OnMake = _ => ThrowIf(armed()) }),
        _ => throw new ArgumentException($"\"{what}\" is not in the test's table.", nameof(what)),
    };

    private static ParameterGroup Scheduled(Func<double> rate) => new(new SgdOptions()) { Schedule = new Given(rate) };

    private static void ThrowIf(bool armed)
    {
        if (armed)
        {
            throw new FormatException("mine");
        }
    }

    private Outcome Now(ModelOptimizer optimizer) =>
        new([.. _set.SelectMany(p => p.Values.ToArray())], optimizer.StateOf("a").Save());

    /// <summary>A schedule that checks nothing.</summary>
    private sealed class Given(Func<double> rate) : ILrSchedule
    {
        public double At(long step) => rate();
    }
}
