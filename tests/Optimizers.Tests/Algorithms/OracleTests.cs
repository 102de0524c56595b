namespace Optimizers.Tests;

public sealed class OracleTests
{
    private const int Length = 97;
    private const int Steps = 50;
    private const double UnitRoundoff = 1.0 / (1 << 24);

    // A step rounds its move a few times, and the parameter at most three times: factor of the decay, product with it, move.
    private const double RoundingsOfTheMove = 4;
    private const double RoundingsOfTheParameter = 1.5;

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void EveryStepMatchesTheSlowLoopInDouble(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        IOptimizer optimizer = variant.Make(Length, variant.Options, 1);
        OracleStep oracle = variant.Oracle();

        // The parameters are small, so their own rounding does not hide an error of the move.
        float[] parameters = Draw.Floats(1, Length, (float)variant.StartSize);
        double[] expected = Array.ConvertAll(parameters, p => (double)p);
        var bound = new double[Length];
        for (int step = 1; step <= Steps; step++)
        {
            float[] gradients = Draw.Floats(100 + step, Length);
            double rate = variant.Options.LearningRate * (0.5 + ((double)step / Steps));
            double[] before = [.. expected];
            oracle(expected, Array.ConvertAll(gradients, g => (double)g), step, rate);
            optimizer.Step(parameters, gradients, rate);
            double largest = before.Zip(expected, (from, to) => Math.Abs(to - from)).Max();
            for (int i = 0; i < Length; i++)
            {
                double size = Math.Max(Math.Abs(before[i]), Math.Abs(expected[i]));
                double move = variant.WorksParametersOutAnew ? size : Math.Abs(expected[i] - before[i]);
                bound[i] += UnitRoundoff * variant.RoundingsOfTheLargestMove * largest;
                bound[i] += UnitRoundoff * (((RoundingsOfTheMove + (variant.RoundingsAnUpdate * step)) * move) + (RoundingsOfTheParameter * size));
                ((double)parameters[i]).Should().BeApproximately(expected[i], bound[i], $"element {i} in step {step}");
            }
        }
    }
}
