namespace Optimizers.Tests;

/// <summary>Schedules composed of other schedules.</summary>
public sealed class CompositionTests
{
    private const long Far = 1L << 62;

    private static readonly ILrSchedule _ramp = new FunctionSchedule(k => k);

    private static readonly Dictionary<string, (ILrSchedule Schedule, Func<long, double> Expected)> _cases = new()
    {
        ["warmup"] = (new Constant(8).WithWarmup(4), k => k < 4 ? 2 * k : 8),
        ["warmup from a start"] = (_ramp.Shift(-8).WithWarmup(4, 4), k => k < 4 ? 4 + k : k + 4.0),
        ["no warmup"] = (_ramp.WithWarmup(0, 5), k => k),
        ["scale"] = (_ramp.Scale(0.5), k => 0.5 * k),
        ["times"] = (_ramp.Times(new StepDecay(1, 10, 0.5)), k => k * Math.Pow(0.5, k / 10)),
        ["clamp"] = (_ramp.Clamp(3, 7), k => Math.Clamp(k, 3, 7)),
        ["later"] = (_ramp.Shift(5), k => Math.Max(k - 5, 0)),
        ["sooner"] = (_ramp.Shift(-5), k => k > long.MaxValue - 5 ? long.MaxValue : k + 5),
        ["in epochs"] = (_ramp.InEpochs(7), k => k / 7),
        ["per epoch"] = (_ramp.PerEpoch(7), k => k / 7 * 7),
        ["then"] = (_ramp.Then(6, _ramp), k => k < 6 ? k : k - 6),
        ["all"] = (
            _ramp.Scale(2).Shift(3).InEpochs(2).Clamp(1, 9).WithWarmup(2).PerEpoch(2),
            k => k < 2 ? 0 : Math.Clamp(2 * Math.Max((k - 2) / 2 - 3, 0), 1, 9)),
    };

    public static TheoryData<string> Names() => [.. _cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void CompositionMatchesItsFormula(string name)
    {
        (ILrSchedule schedule, Func<long, double> expected) = _cases[name];
        foreach (long k in Enumerable.Range(0, 40).Select(k => (long)k).Append(Far).Append(long.MaxValue).Reverse())
        {
            schedule.At(k).Should().Be(expected(k), $"of update {k}");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void NegativeIndexThrows(string name) =>
        _cases[name].Schedule.Invoking(schedule => schedule.At(-1)).Should().Throw<ArgumentOutOfRangeException>()
            .WithParameterName("step");

    [Fact]
    public void WarmupInFrontEqualsTheNamedWarmupSchedule()
    {
        ILrSchedule composed = new Cosine(3e-4, 900, 1e-5).WithWarmup(100, 1e-6);
        var named = new WarmupCosine(3e-4, 100, 1_000, 1e-5, 1e-6);
        for (long k = 0; k < 1_100; k++)
        {
            composed.At(k).Should().Be(named.At(k));
        }
    }

    [Fact]
    public void EqualCompositionsAreEqual() =>
        new Cosine(1, 2).Scale(3).WithWarmup(4).Should().Be(new Cosine(1, 2).Scale(3).WithWarmup(4))
            .And.NotBe(new Cosine(1, 2).Scale(3).WithWarmup(5));

    [Fact]
    public void InvalidCompositionThrows()
    {
        ILrSchedule good = new Constant(1);
        foreach ((string argument, Func<object> make) in new (string, Func<object>)[]
                 {
                     ("schedule", () => ScheduleExtensions.WithWarmup(null!, 1)),
                     ("steps", () => good.WithWarmup(-1)),
                     ("start", () => good.WithWarmup(1, double.NaN)),
                     ("schedule", () => ScheduleExtensions.Scale(null!, 1)),
                     ("factor", () => good.Scale(-1)),
                     ("factor", () => good.Scale(double.NaN)),
                     ("schedule", () => ScheduleExtensions.Times(null!, good)),
                     ("other", () => good.Times(null!)),
                     ("schedule", () => ScheduleExtensions.Clamp(null!, 1, 2)),
                     ("minimum", () => good.Clamp(double.NaN, 2)),
                     ("maximum", () => good.Clamp(1, double.PositiveInfinity)),
                     ("maximum", () => good.Clamp(2, 1)),
                     ("schedule", () => ScheduleExtensions.Shift(null!, 1)),
                     ("schedule", () => ScheduleExtensions.InEpochs(null!, 1)),
                     ("stepsPerEpoch", () => good.InEpochs(0)),
                     ("schedule", () => ScheduleExtensions.PerEpoch(null!, 1)),
                     ("stepsPerEpoch", () => good.PerEpoch(-3)),
                     ("schedule", () => ScheduleExtensions.Then(null!, 1, good)),
                     ("step", () => good.Then(-1, good)),
                     ("next", () => good.Then(1, null!)),
                 })
        {
            FluentActions.Invoking(make).Should().Throw<ArgumentException>().WithParameterName(argument);
        }
    }
}
