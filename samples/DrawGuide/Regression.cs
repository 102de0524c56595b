using CharModel;
using Optimizers;
using Samples;

namespace DrawGuide;

/// <summary>A small network that learns the outputs of another, randomly initialised network.</summary>
internal static class Regression
{
    private const int Inputs = 8;
    private const int BatchSize = 16;

    private static readonly int[] _teacher = [Inputs, 16, 1];
    private static readonly int[] _student = [Inputs, 32, 32, 32, 1];

    /// <summary>Trains with Momentum.</summary>
    /// <param name="seed">The seed of both networks and of the inputs.</param>
    /// <param name="schedule">The learning rate.</param>
    /// <param name="steps">The number of updates.</param>
    /// <returns>The mean squared error of each batch. From the first batch whose error is not finite, all values are infinity.</returns>
    /// <exception cref="NonFiniteGradientException">The run diverges, and a gradient overflows while the error of its batch is still
    /// finite.</exception>
    public static double[] Train(int seed, ILrSchedule schedule, int steps)
    {
        using Network teacher = Create(_teacher, seed, nameof(teacher));
        using Network student = Create(_student, seed, nameof(student));
        double scale = 1 / Math.Sqrt(Enumerable.Range(0, 1_000).Average(i => Square(teacher.Forward(Example(seed, i))[0])));
        var model = new ModelOptimizer(
            student.Parameters, new MomentumOptions(), new ModelOptimizerOptions { Schedule = schedule, ZeroGradients = true, Threads = 1 });
        var losses = new double[steps];
        for (int step = 0; step < steps; step++)
        {
            for (int i = 0; i < BatchSize; i++)
            {
                float[] example = Example(seed, (step * BatchSize) + i);
                double error = student.Forward(example)[0] - (scale * teacher.Forward(example)[0]);
                losses[step] += Square(error) / BatchSize;
                student.Backward([(float)(2 * error / BatchSize)]);
            }

            if (!double.IsFinite(losses[step]))
            {
                Array.Fill(losses, double.PositiveInfinity, step, steps - step);
                break;
            }

            model.Step();
        }

        return losses;
    }

    // He's initialisation with a uniform distribution: its variance is 2 / inputs.
    private static Network Create(int[] sizes, int seed, string name) => new(
    [
        .. sizes.Zip(sizes.Skip(1)).SelectMany((layer, i) => new[]
        {
            new Tensor($"{i}.weight", [layer.Second, layer.First], Uniform(seed, $"{name} {i}", 0, layer.First * layer.Second, Math.Sqrt(6.0 / layer.First))),
            new Tensor($"{i}.bias", [layer.Second], new float[layer.Second]),
        }),
    ]);

    private static float[] Example(int seed, int index) => Uniform(seed, "example", index * Inputs, Inputs, Math.Sqrt(3));

    private static float[] Uniform(int seed, string purpose, int first, int count, double limit) =>
        [.. Enumerable.Range(first, count).Select(i => (float)(limit * ((2 * Noise.Uniform(seed, purpose, i)) - 1)))];

    private static double Square(double x) => x * x;
}
