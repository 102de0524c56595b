using Optimizers.Schedules;

namespace Optimizers.Tests;

/// <summary>A schedule that makes no sense is refused when it is made, with the argument's name and value.</summary>
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
    ];

    [Fact]
    public void ARateThatIsNoneIsRefused()
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
    public void ACountThatIsNoneIsRefused()
    {
        foreach ((string argument, long value, Func<long, object> make) in _counts)
        {
            FluentActions.Invoking(() => make(value)).Should().Throw<ArgumentOutOfRangeException>()
                .WithParameterName(argument).WithMessage($"*{argument}*{value}*");
        }
    }

    [Fact]
    public void AFactorOfZeroIsRefused() =>
        FluentActions.Invoking(() => new StepDecay(1, 1, 0)).Should().Throw<ArgumentOutOfRangeException>().WithParameterName("gamma");

    [Fact]
    public void NoFunctionIsRefused() =>
        FluentActions.Invoking(() => new FunctionSchedule(null!)).Should().Throw<ArgumentNullException>().WithParameterName("function");

    [Fact]
    public void RatesOfZeroAndNegativeZeroAreRates()
    {
        foreach (double zero in new[] { 0, -0.0 })
        {
            new Constant(zero).At(3).Should().Be(0);
            new WarmupCosine(zero, 1, 2, zero, zero).At(1).Should().Be(0);
        }
    }
}
