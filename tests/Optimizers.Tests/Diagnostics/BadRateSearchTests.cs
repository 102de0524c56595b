namespace Optimizers.Tests;

/// <summary>An invalid search throws before its first step, with the name and value of the argument.</summary>
public sealed class BadRateSearchTests
{
    private static readonly RateFinderOptions _finder = new();
    private static readonly RateSweepOptions _sweep = new();

    public static TheoryData<string, double> FinderNumbers()
    {
        var data = new TheoryData<string, double>();
        foreach (double bad in BadNumbers.NotFiniteOrNegative.Append(0))
        {
            data.Add(nameof(RateFinderOptions.LowestRate), bad);
            data.Add(nameof(RateFinderOptions.HighestRate), bad);
        }

        data.Add(nameof(RateFinderOptions.HighestRate), 1e-6);
        data.Add(nameof(RateFinderOptions.HighestRate), 1e-7);
        data.Add(nameof(RateFinderOptions.Points), 9);
        data.Add(nameof(RateFinderOptions.Points), 19);
        data.Add(nameof(RateFinderOptions.Points), -1);
        data.Add(nameof(RateFinderOptions.Points), 1_000_001);
        data.Add(nameof(RateFinderOptions.Spacing), 2);
        foreach (double bad in new[] { -0.1, 1, 1 - 1e-12, double.NaN })
        {
            data.Add(nameof(RateFinderOptions.Smoothing), bad);
        }

        foreach (double bad in new[] { 1, 0, -4, double.NaN })
        {
            data.Add(nameof(RateFinderOptions.DivergenceFactor), bad);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(FinderNumbers))]
    public void RangeTestThrowsAndNamesTheOption(string name, double value)
    {
        RateFinderOptions options = name switch
        {
            nameof(RateFinderOptions.LowestRate) => _finder with { LowestRate = value },
            nameof(RateFinderOptions.HighestRate) => _finder with { HighestRate = value },
            nameof(RateFinderOptions.Points) => _finder with { Points = (int)value },
            nameof(RateFinderOptions.Spacing) => _finder with { Spacing = (RateSpacing)(int)value },
            nameof(RateFinderOptions.Smoothing) => _finder with { Smoothing = value },
            _ => _finder with { DivergenceFactor = value },
        };
        FluentActions.Invoking(() => RateFinder.Find(new Checkpoint(), Never, options)).Should().Throw<ArgumentOutOfRangeException>()
            .Where(e => e.ParamName == name && Convert.ToDouble(e.ActualValue).Equals(value));
    }

    [Fact]
    public void SweepThrowsAndNamesTheOption()
    {
        foreach (double bad in BadNumbers.NotFiniteOrNegative.Append(0))
        {
            Refused(_sweep with { Rates = [bad] }, "Rates", bad);
            Refused(_sweep with { Rates = [0.5, bad] }, "Rates", bad);
        }

        Refused(_sweep with { Rates = [0.5, 0.5] }, "Rates", 0.5);
        Refused(_sweep with { Rates = [0.5, 0.25] }, "Rates", 0.25);
        Refused(_sweep with { Steps = 0 }, "Steps", 0);
        Refused(_sweep with { Smoothing = 1 }, "Smoothing", 1);
        Refused(_sweep with { DivergenceFactor = 1 }, "DivergenceFactor", 1);
        Try(_sweep with { Rates = [] }).Should().Throw<ArgumentException>().WithParameterName("Rates");
        Try(_sweep with { Rates = null! }).Should().Throw<ArgumentNullException>().WithParameterName("Rates");

        static Action Try(RateSweepOptions options) => () => RateSweep.Try(new Checkpoint(), (rate, _) => Never(rate), options);
        static void Refused(RateSweepOptions options, string name, double value) =>
            Try(options).Should().Throw<ArgumentOutOfRangeException>()
                .Where(e => e.ParamName == name && Convert.ToDouble(e.ActualValue).Equals(value));
    }

    [Theory]
    [InlineData("lowest", 0.0, 1.0, 1)]
    [InlineData("lowest", double.NaN, 1.0, 1)]
    [InlineData("highest", 1.0, double.PositiveInfinity, 1)]
    [InlineData("highest", 1.0, 0.5, 1)]
    [InlineData("rates", 0.5, 1.0, 0)]
    [InlineData("rates", 0.5, 1.0, 1_001)]
    public void RateGridThrowsAndNamesTheArgument(string name, double lowest, double highest, int rates) =>
        FluentActions.Invoking(() => RateSweep.PerDecade(lowest, highest, rates)).Should().Throw<ArgumentOutOfRangeException>().WithParameterName(name);

    [Fact]
    public void MissingOrUnsuitableArgumentThrowsAndIsNamed()
    {
        using var set = new ParameterSet();
        set.Add("w", 3);
        var optimizer = new ModelOptimizer(set, new SgdOptions());
        var other = new ParameterGroup(new SgdOptions());
        IOptimizer sgd = new Sgd(3);
        (string Name, Action<Func<double, double>> Search)[] searches =
        [
            ("optimizer", step => RateFinder.Find((ModelOptimizer)null!, step)),
            ("optimizer", step => RateFinder.Find(new float[3], null!, step)),
            ("parameters", step => RateFinder.Find(new float[4], sgd, step)),
            ("checkpoint", step => RateFinder.Find((Checkpoint)null!, step)),
            ("checkpoint", step => RateFinder.Find(new Checkpoint(optimizer) { IncludeParameters = false }, step)),
            ("step", _ => RateFinder.Find(optimizer, null!)),
            ("groups", step => RateFinder.Find(optimizer, step, new() { Groups = [other] })),
            ("groups", step => RateFinder.Find(new float[3], sgd, step, new() { Groups = [other] })),
            ("optimizer", step => RateSweep.Try((ModelOptimizer)null!, (rate, _) => step(rate))),
            ("optimizer", step => RateSweep.Try(new float[3], null!, (rate, _) => step(rate))),
            ("parameters", step => RateSweep.Try(new float[4], sgd, (rate, _) => step(rate))),
            ("checkpoint", step => RateSweep.Try((Checkpoint)null!, (rate, _) => step(rate))),
            ("checkpoint", step => RateSweep.Try(new Checkpoint(optimizer) { IncludeParameters = false }, (rate, _) => step(rate))),
            ("step", _ => RateSweep.Try(optimizer, null!)),
            ("groups", step => RateSweep.Try(optimizer, (rate, _) => step(rate), new() { Groups = [other] })),
        ];
        foreach ((string name, Action<Func<double, double>> search) in searches)
        {
            FluentActions.Invoking(() => search(Never)).Should().Throw<ArgumentException>().WithParameterName(name);
        }
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void NonFiniteFirstLossThrows(double loss)
    {
        FluentActions.Invoking(() => RateFinder.Find(new Checkpoint(), _ => loss)).Should().Throw<ArgumentOutOfRangeException>()
            .Where(e => e.ParamName == "step" && e.ActualValue!.Equals(loss)).WithMessage("*1E-06*");
        FluentActions.Invoking(() => RateSweep.Try(new Checkpoint(), (_, _) => loss)).Should().Throw<ArgumentOutOfRangeException>()
            .Where(e => e.ParamName == "step" && e.ActualValue!.Equals(loss)).WithMessage("*1E-05*");
    }

    [Fact]
    public void NonFiniteGradientExceptionReachesTheCaller() =>
        FluentActions.Invoking(() => RateFinder.Find(new Checkpoint(), _ => throw new NonFiniteGradientException()))
            .Should().Throw<NonFiniteGradientException>();

    private static double Never(double rate) => throw new InvalidOperationException($"a step was taken at {rate}");
}
