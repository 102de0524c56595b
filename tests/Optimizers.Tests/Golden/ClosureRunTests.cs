namespace Optimizers.Tests;

/// <summary>What the runs of L-BFGS hold the library to, and what they leave out.</summary>
[Trait("Category", "Golden")]
public sealed class ClosureRunTests
{
    private static IEnumerable<GoldenCase> Cases =>
        GoldenData.OptimizerCases.Where(golden => golden.Subject == nameof(Lbfgs));

    /// <summary>
    /// Rosenbrock's valley without a line search: an iteration jumps far up its side, and what comes after depends on digits
    /// that floats do not have. Of every other case, everything is held that the files ask for.
    /// </summary>
    [OwnGoldenFact]
    public void OneCaseIsBeyondFloats()
    {
        Cases.Where(golden => ClosureRun.Run(golden).Count < Demanded(golden)).Select(golden => golden.Name)
            .Should().Equal("rosenbrock-2");

        // In double every element and every loss, in float the position if the peer is near, and every loss but the first.
        static int Demanded(GoldenCase golden) =>
            golden.Expected[0].Tensors.EnumerateObject().Single().Value.GetArrayLength()
            + (2 * golden.Expected.Count)
            - (golden.PeerErrorAt(golden.Expected[0].Step) < 1e-4 ? 0 : 1);
    }

    [OwnGoldenFact]
    public void EveryEvaluationCountInDoubleIsTheRecordedOne()
    {
        int counts = 0;
        foreach (GoldenCase golden in Cases)
        {
            foreach ((int step, double recorded, double actual) in ClosureRun.Evaluations(golden))
            {
                actual.Should().Be(recorded, $"{golden.Title}, step {step}");
                counts++;
            }
        }

        counts.Should().BeGreaterThan(Cases.Count());
    }
}
