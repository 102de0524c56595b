namespace Optimizers.Tests;

/// <summary>The runs of L-BFGS make every comparison that Golden/README.md asks for, except those of one case in float.</summary>
[Trait("Category", "Golden")]
public sealed class ClosureRunTests
{
    private static IEnumerable<GoldenCase> Cases =>
        GoldenData.OptimizerCases.Where(golden => golden.Subject == nameof(Lbfgs));

    /// <summary>
    /// The case is Rosenbrock's valley without a line search. One iteration jumps far up the side of the valley, and the
    /// positions after it depend on digits that floats do not have. All other cases have every comparison.
    /// </summary>
    [OwnGoldenFact]
    public void OnlyOneCaseOmitsComparisonsInFloat()
    {
        Cases.Where(golden => ClosureRun.Run(golden).Count < RequiredComparisons(golden)).Select(golden => golden.Name)
            .Should().Equal("rosenbrock-2");

        // In double: every element and every loss. In float: every loss but the first, and the position if the peer's error is small.
        static int RequiredComparisons(GoldenCase golden) =>
            golden.Expected[0].Tensors.EnumerateObject().Single().Value.GetArrayLength()
            + (2 * golden.Expected.Count)
            - (golden.PeerErrorAt(golden.Expected[0].Step) < 1e-4 ? 0 : 1);
    }

    [OwnGoldenFact]
    public void EvaluationCountsInDoubleMatchTheRecording()
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
