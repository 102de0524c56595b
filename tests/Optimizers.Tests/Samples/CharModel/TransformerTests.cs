extern alias CharModel;

using System.Globalization;
using CharModel::CharModel;

namespace Optimizers.Tests.Samples.CharModel;

/// <summary>
/// Compares the gradients of the network with differences of its loss. All computations are in double, because differences in float are too inexact.
/// </summary>
public sealed class TransformerTests
{
    private const int Directions = 4;

    // All sizes differ, so a test fails if the code confuses two of them.
    private static readonly ModelShape _shape = new(Alphabet: 7, Context: 5, Width: 6, Layers: 2, Heads: 3);
    private static readonly int[] _sequence = [3, 0, 6, 3, 2], _next = [0, 6, 3, 2, 5];

    private readonly Transformer<double> _transformer = new(_shape);
    private readonly double[] _weights;
    private readonly double[] _gradients;

    public TransformerTests()
    {
        // Do not use the initial values: their zeros and ones would hide mistakes.
        _weights = Normals(1, _transformer.WeightCount, 0.4);
        _gradients = new double[_weights.Length];
        _transformer.Learn(_weights, _gradients, _sequence, _next, factor: 1);
    }

    public static TheoryData<string> Tensors =>
        [.. new Transformer<double>(_shape).Places.Select(place => place.Name)];

    [Theory]
    [MemberData(nameof(Tensors))]
    public void GradientOfATensorMatchesDifferencesOfTheLoss(string tensor)
    {
        Place place = _transformer.Places.Single(candidate => candidate.Name == tensor);
        for (int seed = 0; seed < Directions; seed++)
        {
            double[] direction = new double[_weights.Length];
            UnitVector(10 + seed, place.Length).CopyTo(place.Of(direction.AsSpan()));
            ShouldBeSlope(direction);
        }
    }

    [Fact]
    public void GradientOfAllWeightsMatchesDifferencesOfTheLoss()
    {
        for (int seed = 0; seed < Directions; seed++)
        {
            ShouldBeSlope(UnitVector(20 + seed, _weights.Length));
        }
    }

    [Fact]
    public void EveryTensorHasAGradient()
    {
        foreach (Place place in _transformer.Places)
        {
            place.Of(_gradients.AsSpan()).ToArray().Should().Contain(gradient => Math.Abs(gradient) > 1e-6, place.Name);
        }
    }

    [Fact]
    public void LearnAddsTheGradientTimesTheFactor()
    {
        double[] sum = [.. _gradients];
        _transformer.Learn(_weights, sum, _sequence, _next, factor: 0.5);
        for (int i = 0; i < sum.Length; i++)
        {
            sum[i].Should().BeApproximately(1.5 * _gradients[i], 1e-15 + (1e-14 * Math.Abs(_gradients[i])));
        }
    }

    [Fact]
    public void LossMatchesTheScores()
    {
        Matrix<double> scores = _transformer.Scores(_weights, _sequence);
        double expected = Enumerable.Range(0, _shape.Context).Average(t =>
        {
            double[] column = [.. Enumerable.Range(0, scores.Rows).Select(row => scores[row][t])];
            return Math.Log(column.Sum(Math.Exp)) - column[_next[t]];
        });
        _transformer.Loss(_weights, _sequence, _next).Should().BeApproximately(expected, 1e-14);
    }

    [Fact]
    public void ScoresDoNotDependOnLaterCharacters()
    {
        double[][] before = Columns(_transformer.Scores(_weights, _sequence));
        for (int changed = 0; changed < _sequence.Length; changed++)
        {
            int[] other = [.. _sequence];
            other[changed] = 1;
            double[][] after = Columns(_transformer.Scores(_weights, other));
            for (int t = 0; t < _sequence.Length; t++)
            {
                after[t].SequenceEqual(before[t]).Should().Be(t < changed, "the scores at {0} depend on the character at {1} only if it is not later", t, changed);
            }
        }
    }

    [Fact]
    public void ShorterSequenceHasTheSameScoresAsTheBeginningOfALongerOne()
    {
        double[][] whole = Columns(_transformer.Scores(_weights, _sequence));
        double[][] part = Columns(_transformer.Scores(_weights, _sequence.AsSpan(0, 2)));
        part[..2].Should().BeEquivalentTo(whole[..2], options => options.WithStrictOrdering());
    }

    [Fact]
    public void GradientsInFloatAgreeWithGradientsInDouble()
    {
        var single = new Transformer<float>(_shape);
        float[] weights = Array.ConvertAll(_weights, weight => (float)weight);
        var gradients = new float[weights.Length];
        double[] exactWeights = Array.ConvertAll(weights, weight => (double)weight);
        var exact = new double[weights.Length];
        double expected = _transformer.Learn(exactWeights, exact, _sequence, _next, factor: 1);
        single.Learn(weights, gradients, _sequence, _next, factor: 1).Should().BeApproximately(expected, 1e-5);

        // Compare the norm of the error, because an element whose terms nearly cancel can have an error larger than itself.
        double error = Math.Sqrt(gradients.Zip(exact, (a, b) => (a - b) * (a - b)).Sum());
        (error / Math.Sqrt(exact.Sum(x => x * x))).Should().BeLessThan(1e-5);
    }

    // Along a direction the loss is f(h) = f(0) + f′h + f″h²/2 + f‴h³/6 …, so the error of the central difference with step h is f‴h²/6.
    // With step 2h the error is four times as large. So a third of the distance between the two differences estimates the error with
    // step h. The tolerance is ten times this estimate, because of higher powers of h, plus 10 rounding errors of the loss (53 bits) divided by h.
    private void ShouldBeSlope(double[] direction)
    {
        const double H = 1e-4;
        double slope = _gradients.Zip(direction, (gradient, step) => gradient * step).Sum();
        double near = Difference(direction, H);
        double far = Difference(direction, 2 * H);
        double tolerance = (10 * Math.Abs(far - near) / 3) + (10 * Math.ScaleB(LossAt(direction, 0), -53) / H);
        tolerance.Should().BeLessThan(1e-4 * (1e-3 + Math.Abs(slope)), "the tolerance must be small enough to find a wrong gradient");
        slope.Should().BeApproximately(near, tolerance);
    }

    private double Difference(double[] direction, double h) => (LossAt(direction, h) - LossAt(direction, -h)) / (2 * h);

    private double LossAt(double[] direction, double h)
    {
        double[] weights = [.. _weights.Zip(direction, (weight, step) => weight + (h * step))];
        return _transformer.Loss(weights, _sequence, _next);
    }

    private static double[] UnitVector(long seed, int count)
    {
        double[] vector = Normals(seed, count, 1);
        double length = Math.Sqrt(vector.Sum(x => x * x));
        return Array.ConvertAll(vector, x => x / length);
    }

    private static double[] Normals(long seed, int count, double deviation) =>
        [.. Enumerable.Range(0, count).Select(i => deviation * Noise.Normal(seed, "test", i))];

    private static double[][] Columns(Matrix<double> matrix) =>
        [.. Enumerable.Range(0, matrix.Columns).Select(t => Enumerable.Range(0, matrix.Rows).Select(row => matrix[row][t]).ToArray())];
}
