using System.Text.Json;

namespace Optimizers.Tests;

/// <summary>The losses and gradients of the golden problems that are functions.</summary>
[Trait("Category", "Golden")]
public sealed class GoldenFunctionTests
{
    private const string Data = """
        { "data": { "A": [3, 1, 0.5, 0, 2, -1, 4, 0.25, 5], "b": [1, -2, 0.5],
                    "X": [0.5, -1, 2, 1.5, 0.25, -0.75, -2, 1, 1, 0.1, 0.2, -0.3], "y": [1, 0, 1, 0] } }
        """;

    [Theory]
    [InlineData("rosenbrock")]
    [InlineData("quadratic")]
    [InlineData("logistic")]
    public void GradientMatchesDifferencesOfTheLoss(string name)
    {
        var function = GoldenFunction.Of(name, JsonElement.Parse(Data));
        double[] x = [-1.25, 0.5, 0.75];
        double[] gradient = function.Gradient(x);
        for (int i = 0; i < x.Length; i++)
        {
            // A power of two, so that the distance between the two points is exactly the divisor.
            const double Distance = 1.0 / (1 << 16);
            double[] ahead = [.. x];
            double[] behind = [.. x];
            ahead[i] += Distance;
            behind[i] -= Distance;
            double slope = (function.Loss(ahead) - function.Loss(behind)) / (2 * Distance);
            gradient[i].Should().BeApproximately(slope, 1e-6 * (1 + Math.Abs(slope)));
        }
    }

    [Fact]
    public void LossMatchesItsFormula()
    {
        Loss("rosenbrock", 0, 2, 3).Should().Be((100 * 4) + 1 + (100 * 1) + 1);
        Loss("quadratic", 1, 1, 0).Should().Be((0.5 * (3 + 1 + 0 + 2)) - (1 - 2));
        Loss("logistic", 0, 0, 0).Should().BeApproximately(Math.Log(2), 1e-15);
    }

    private static double Loss(string name, params double[] x) =>
        GoldenFunction.Of(name, JsonElement.Parse(Data)).Loss(x);
}
