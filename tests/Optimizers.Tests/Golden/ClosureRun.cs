using System.Globalization;
using System.Text.Json;

namespace Optimizers.Tests;

/// <summary>
/// Runs a case of L-BFGS in double and in float. The float run is held against the losses of later steps one-sided, as
/// README.md beside this file asks, and not where the recording itself is beyond floats: see <see cref="BeyondFloats"/>.
/// </summary>
internal static class ClosureRun
{
    public static IReadOnlyList<Comparison> Run(GoldenCase golden) => [.. InDouble(golden), .. InFloat(golden)];

    /// <summary>The evaluations of each recorded step in double, recorded and here.</summary>
    public static IReadOnlyList<(int Step, double Recorded, double Actual)> Evaluations(GoldenCase golden) =>
        [.. Trajectory(golden, Exact(golden)).Select(snapshot => (
            snapshot.Step, golden.NumberAt("evaluations", snapshot.Step)!.Value, (double)snapshot.Evaluations))];

    /// <summary>
    /// What of the float run can be held to the recording by nobody: where a run in double goes astray as soon as nothing but
    /// the points, or the gradients, or both are rounded to float on their way to the function and back.
    /// </summary>
    public static IReadOnlySet<string> BeyondFloats(GoldenCase golden) =>
        new[] { (true, false), (false, true), (true, true) }
            .SelectMany(rounds => HeldAsFloats(golden, Trajectory(golden, Rounded(golden, rounds.Item1, rounds.Item2))))
            .Where(comparison => !comparison.Passed)
            .Select(comparison => PlaceOf(comparison))
            .ToHashSet();

    private static IEnumerable<Comparison> InDouble(GoldenCase golden)
    {
        Snapshot[] snapshots = [.. Trajectory(golden, Exact(golden))];
        double[] expected = GoldenCase.Numbers(golden.Expected[0].Tensors.EnumerateObject().Single().Value);
        double largest = expected.Max(Math.Abs);
        for (int i = 0; i < expected.Length; i++)
        {
            yield return new Comparison(
                golden, snapshots[0].Step, $"x[{i}] in double", expected[i], snapshots[0].Point[i], 1e-6 * largest);
        }

        foreach (Snapshot snapshot in snapshots)
        {
            double loss = golden.NumberAt("losses", snapshot.Step)!.Value;
            yield return new Comparison(
                golden, snapshot.Step, "loss in double", loss, Function(golden).Loss(snapshot.Point), 1e-6);
        }
    }

    private static IEnumerable<Comparison> InFloat(GoldenCase golden)
    {
        GoldenFunction function = Function(golden);
        float[] point = Start(golden);
        var optimizer = new Lbfgs(point.Length, Options(golden));
        var snapshots = new List<Snapshot>();
        int step = 0;
        foreach ((int recorded, JsonElement _) in golden.Expected)
        {
            for (; step < recorded; step++)
            {
                optimizer.Step(point, (at, gradient) =>
                {
                    double[] x = ToDoubles(at);
                    Array.ConvertAll(function.Gradient(x), element => (float)element).CopyTo(gradient);
                    return function.Loss(x);
                });
            }

            snapshots.Add(new Snapshot(step, ToDoubles(point), optimizer.EvaluationCount));
        }

        Comparison[] comparisons = [.. HeldAsFloats(golden, snapshots)];
        IReadOnlySet<string> beyond =
            Array.TrueForAll(comparisons, comparison => comparison.Passed) ? new HashSet<string>() : BeyondFloats(golden);
        return comparisons.Where(comparison => !beyond.Contains(PlaceOf(comparison)));
    }

    // Positions after the first step, if the recording is not chaotic by then; of later ones the loss, one-sided.
    private static IEnumerable<Comparison> HeldAsFloats(GoldenCase golden, IEnumerable<Snapshot> snapshots)
    {
        GoldenFunction function = Function(golden);
        double start = function.Loss(ToDoubles(Start(golden)));
        (int first, JsonElement tensors) = golden.Expected[0];
        foreach (Snapshot snapshot in snapshots)
        {
            double loss = golden.NumberAt("losses", snapshot.Step)!.Value;
            if (snapshot.Step > first)
            {
                double reached = Math.Max(loss, function.Loss(snapshot.Point));
                yield return new Comparison(
                    golden, snapshot.Step, "loss in float", loss, reached, (1e-3 * (start - loss)) + 1e-6);
            }
            else if (golden.PeerErrorAt(first) < 1e-4)
            {
                yield return Comparison.OfTensor(
                    golden,
                    first,
                    "x",
                    tensors.EnumerateObject().Single().Value,
                    Array.ConvertAll(snapshot.Point, element => (float)element));
            }
        }
    }

    private static string PlaceOf(Comparison comparison) => $"step {comparison.Step}";

    private static IEnumerable<Snapshot> Trajectory(GoldenCase golden, Objective<double> function)
    {
        double[] point = ToDoubles(Start(golden));
        var run = new LbfgsRun<double>(point.Length, Options(golden));
        int step = 0;
        foreach ((int recorded, JsonElement _) in golden.Expected)
        {
            for (; step < recorded; step++)
            {
                run.Step(point, function);
            }

            yield return new Snapshot(step, [.. point], run.Evaluations);
        }
    }

    private static Objective<double> Exact(GoldenCase golden)
    {
        GoldenFunction function = Function(golden);
        return (at, gradient) =>
        {
            double[] x = at.ToArray();
            function.Gradient(x).CopyTo(gradient);
            return function.Loss(x);
        };
    }

    private static Objective<double> Rounded(GoldenCase golden, bool points, bool gradients)
    {
        GoldenFunction function = Function(golden);
        return (at, gradient) =>
        {
            double[] x = Array.ConvertAll(at.ToArray(), element => points ? (float)element : element);
            Array.ConvertAll(function.Gradient(x), element => gradients ? (float)element : element).CopyTo(gradient);
            return function.Loss(x);
        };
    }

    private static GoldenFunction Function(GoldenCase golden) => GoldenData.Problem(golden.ProblemName!).Function
        ?? throw new InvalidDataException($"The problem {golden.ProblemName} is no function.");

    private static float[] Start(GoldenCase golden) => [.. GoldenData.Problem(golden.ProblemName!).Tensors.Single().Initial];

    private static LbfgsOptions Options(GoldenCase golden) =>
        OptionBinder.Record<LbfgsOptions>(typeof(LbfgsOptions), golden.Options);

    private static double[] ToDoubles(ReadOnlySpan<float> values) =>
        Array.ConvertAll(values.ToArray(), value => (double)value);

    private sealed record Snapshot(int Step, double[] Point, long Evaluations);
}
