using System.Reflection;

namespace Optimizers.Tests;

/// <summary>Every constructor that takes options refuses invalid ones, and the message names the option and its value.</summary>
public sealed class BadOptionsTests
{
    private static readonly double[] _notBelowOne = [1, 1.5, 0.99999999, double.MaxValue];

    [Theory]
    [MemberData(nameof(Catalogue.Rows), MemberType = typeof(Catalogue))]
    public void NonFiniteAndNegativeOptionsThrow(string name)
    {
        OptimizerRow row = Catalogue.Row(name);
        foreach (PropertyInfo property in OptionNumbers.Of(row.Defaults))
        {
            foreach (double number in BadNumbers.NotFiniteOrNegative)
            {
                double value = row.AtMostZero.Contains(property.Name) ? -number : number;
                CheckRefused(row, OptionNumbers.With(row.Defaults, property, value), property.Name, $"{value}");
            }
        }
    }

    public static TheoryData<string> RowsWithWeightsOfThePast() => RowsWhere(row => row.BelowOne.Count > 0);

    public static TheoryData<string> RowsWithRefusals() => RowsWhere(row => row.Refused.Count > 0);

    /// <summary>The test finds the bounded options by trying values. A missing bound shows only by the name of the option.</summary>
    [Theory]
    [MemberData(nameof(Catalogue.Rows), MemberType = typeof(Catalogue))]
    public void EveryBetaOptionHasAnUpperBound(string name)
    {
        OptimizerRow row = Catalogue.Row(name);
        OptionNumbers.Of(row.Defaults).Select(property => property.Name).Where(option => option is "Beta1" or "Beta2" or "Beta3" or "Rho")
            .Should().BeSubsetOf(row.BelowOne);
    }

    [Theory]
    [MemberData(nameof(RowsWithWeightsOfThePast))]
    public void EveryBetaIsBelowOneAsAFloat(string name)
    {
        OptimizerRow row = Catalogue.Row(name);
        foreach (PropertyInfo property in OptionNumbers.Of(row.Defaults).Where(property => row.BelowOne.Contains(property.Name)))
        {
            foreach (double value in _notBelowOne)
            {
                CheckRefused(row, OptionNumbers.With(row.Defaults, property, value), property.Name, $"{value}");
            }

            row.Make(1, OptionNumbers.With(row.Defaults, property, 1 - (1.0 / (1 << 24))), 1).Should().NotBeNull();
        }
    }

    [Theory]
    [MemberData(nameof(Catalogue.Rows), MemberType = typeof(Catalogue))]
    public void ZeroThrowsOnlyForOptionsThatMustNotBeZero(string name)
    {
        OptimizerRow row = Catalogue.Row(name);
        foreach (PropertyInfo property in OptionNumbers.Of(row.Defaults))
        {
            IOptimizerOptions options = OptionNumbers.With(row.Defaults, property, 0);
            if (row.NotZero.Contains(property.Name))
            {
                CheckRefused(row, options, property.Name, "0");
            }
            else
            {
                float[] parameters = [1];
                row.Make(1, options, 1).Step(parameters, (float[])[1]);
                parameters[0].Should().NotBe(float.NaN, $"{property.Name} may be 0");
            }
        }
    }

    [Theory]
    [MemberData(nameof(RowsWithRefusals))]
    public void ContradictoryOptionsThrow(string name)
    {
        OptimizerRow row = Catalogue.Row(name);
        foreach ((IOptimizerOptions options, string option, string value) in row.Refused)
        {
            CheckRefused(row, options, option, value);
        }
    }

    [Theory]
    [MemberData(nameof(Catalogue.Rows), MemberType = typeof(Catalogue))]
    public void LearningRateAboveTheLargestFloatThrows(string name)
    {
        OptimizerRow row = Catalogue.Row(name);
        CheckRefused(row, OptionNumbers.With(row.Defaults, OptionNumbers.Of(row.Defaults).Single(p => p.Name == "LearningRate"), 1e39), "LearningRate", "1E+39");
    }

    [Theory]
    [MemberData(nameof(Catalogue.Rows), MemberType = typeof(Catalogue))]
    public void NegativeLengthAndThreadCountThrow(string name)
    {
        OptimizerRow row = Catalogue.Row(name);
        foreach (int value in new[] { -1, int.MinValue })
        {
            FluentActions.Invoking(() => row.Make(value, row.Defaults, 1)).Should().Throw<ArgumentOutOfRangeException>()
                .WithParameterName(row.HasPlaces ? "shape" : "length").WithMessage($"*{value}*");
            FluentActions.Invoking(() => row.Make(1, row.Defaults, value)).Should().Throw<ArgumentOutOfRangeException>()
                .WithParameterName("threads").WithMessage($"*{value}*");
        }
    }

    [Theory]
    [MemberData(nameof(Catalogue.Rows), MemberType = typeof(Catalogue))]
    public void NullOptionsMeanTheDefaults(string name)
    {
        OptimizerRow row = Catalogue.Row(name);
        row.Make(3, null!, 0).LearningRate.Should().Be(row.Defaults.LearningRate);
    }

    [Fact]
    public void GenericOptimizerWithoutOptionsThrows() =>
        FluentActions.Invoking(() => new Optimizer(1, null!)).Should().Throw<ArgumentNullException>().WithParameterName("options");

    private static TheoryData<string> RowsWhere(Func<OptimizerRow, bool> condition) =>
        [.. Catalogue.Optimizers.Where(condition).Select(row => row.Type.Name)];

    private static void CheckRefused(OptimizerRow row, IOptimizerOptions options, string option, string value)
    {
        foreach (Action door in (Action[])
                 [() => row.Make(1, options, 1), () => _ = new Optimizer(1, options), () => _ = new ParameterGroup(options)])
        {
            door.Should().Throw<ArgumentOutOfRangeException>().WithParameterName(option).WithMessage($"*{option}*{value}*");
        }
    }
}
