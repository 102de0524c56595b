using System.Globalization;
using System.Text.Json;

namespace Optimizers.Tests;

/// <summary>
/// Runs a case of L-BFGS in double and in float. The float run may have lower losses in later steps than the recording, as
/// README.md in this folder says. Its comparisons leave out the steps of <see cref="UnreliableInFloat"/>.
/// </summary>
internal static class ClosureRun
{
    public static IReadOnlyList<Comparison> Run(GoldenCase golden) => [.. InDouble(golden), .. InFloat(golden)];

    /// <summary>The number of evaluations up to each recorded step: in the recording, and in a run in double.</summary>
    public static IReadOnlyList<(int Step, double Recorded, double Actual)> Evaluations(GoldenCase golden) =>
        [.. Trajectory(golden, Exact(golden)).Select(snapshot => (
            snapshot.Step, golden.NumberAt("evaluations", snapshot.Step)!.Value, (double)snapshot.Evaluations))];

    /// <summary>
    /// The recorded steps for which no float run can be compared with the recording. A run in double already differs there if
    /// the points that the function gets, or the gradients that it returns, or both are rounded to float.
    /// </summary>
    public static IReadOnlySet<string> UnreliableInFloat(GoldenCase golden) =>
        new[] { (true, false), (false, true), (true, true) }
            .SelectMany(rounds => CompareInFloat(golden, Trajectory(golden, Rounded(golden, rounds.Item1, rounds.Item2))))
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

        Comparison[] comparisons = [.. CompareInFloat(golden, snapshots)];
        IReadOnlySet<string> unreliable =
            Array.TrueForAll(comparisons, comparison => comparison.Passed) ? new HashSet<string>() : UnreliableInFloat(golden);
        return comparisons.Where(comparison => !unreliable.Contains(PlaceOf(comparison)));
    }

    // Compares the position at the first recorded step, if the peer's error is small there. For later steps it compares the loss, which
    // may be lower than recorded.
    private static IEnumerable<Comparison> CompareInFloat(GoldenCase golden, IEnumerable<Snapshot> snapshots)
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
        ?? throw new InvalidDataException($"The problem {golden.ProblemName} has no function.");

    private static float[] Start(GoldenCase golden) => [.. GoldenData.Problem(golden.ProblemName!).Tensors.Single().Initial];

    private static LbfgsOptions Options(GoldenCase golden) =>
        OptionBinder.Record<LbfgsOptions>(typeof(LbfgsOptions), golden.Options);

    private static double[] ToDoubles(ReadOnlySpan<float> values) =>
        Array.ConvertAll(values.ToArray(), value => (double)value);

    private sealed record Snapshot(int Step, double[] Point, long Evaluations);
}
