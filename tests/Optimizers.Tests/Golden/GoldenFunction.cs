using System.Text.Json;

namespace Optimizers.Tests;

/// <summary>A function of one vector in closed form, with its gradient, in double.</summary>
internal sealed class GoldenFunction(Func<double[], double> loss, Func<double[], double[]> gradient)
{
    public static GoldenFunction Of(string name, JsonElement problem) => name switch
    {
        "rosenbrock" => Rosenbrock(),
        "quadratic" => Quadratic(Data(problem, "A"), Data(problem, "b")),
        "logistic" => Logistic(Data(problem, "X"), Data(problem, "y")),
        _ => throw new InvalidDataException($"There is no function \"{name}\"."),
    };

    public double Loss(double[] x) => loss(x);

    public double[] Gradient(double[] x) => gradient(x);

    private static double[] Data(JsonElement problem, string name) =>
        GoldenCase.Numbers(problem.GetProperty("data").GetProperty(name));

    private static GoldenFunction Rosenbrock()
    {
        static double Valley(double[] x, int i) => x[i + 1] - (x[i] * x[i]);

        return new(
            x => Enumerable.Range(0, x.Length - 1).Sum(i => (100 * Valley(x, i) * Valley(x, i)) + ((1 - x[i]) * (1 - x[i]))),
            x =>
            {
                var gradient = new double[x.Length];
                for (int i = 0; i < x.Length - 1; i++)
                {
                    gradient[i] -= (400 * x[i] * Valley(x, i)) + (2 * (1 - x[i]));
                    gradient[i + 1] += 200 * Valley(x, i);
                }

                return gradient;
            });
    }

    // The gradient is ½(A + Aᵀ)x − b, because A need not be symmetric.
    private static GoldenFunction Quadratic(double[] a, double[] b)
    {
        int n = b.Length;
        return new(
            x => Enumerable.Range(0, n * n).Sum(k => 0.5 * x[k / n] * a[k] * x[k % n]) - Dot(b, x),
            x => [.. Enumerable.Range(0, n).Select(i =>
                Enumerable.Range(0, n).Sum(j => 0.5 * (a[(i * n) + j] + a[(j * n) + i]) * x[j]) - b[i])]);
    }

    private static GoldenFunction Logistic(double[] features, double[] labels)
    {
        int m = labels.Length;
        int n = features.Length / m;
        ReadOnlySpan<double> Row(int sample) => features.AsSpan(sample * n, n);
        return new(
            w => Enumerable.Range(0, m).Average(i =>
            {
                double margin = Dot(Row(i), w);
                return Math.Max(margin, 0) + Math.Log(1 + Math.Exp(-Math.Abs(margin))) - (labels[i] * margin);
            }),
            w =>
            {
                var gradient = new double[n];
                for (int i = 0; i < m; i++)
                {
                    double error = (1 / (1 + Math.Exp(-Dot(Row(i), w)))) - labels[i];
                    for (int j = 0; j < n; j++)
                    {
                        gradient[j] += error * features[(i * n) + j] / m;
                    }
                }

                return gradient;
            });
    }

    private static double Dot(ReadOnlySpan<double> left, ReadOnlySpan<double> right)
    {
        double sum = 0;
        for (int i = 0; i < left.Length; i++)
        {
            sum += left[i] * right[i];
        }

        return sum;
    }
}
