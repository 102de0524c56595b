using System.Text.Json;

namespace Optimizers.Tests;

/// <summary>One recorded number, or the worst element of one recorded tensor, held against the library's.</summary>
/// <param name="Golden">The case.</param>
/// <param name="Step">The number of updates before it, or the index of a schedule.</param>
/// <param name="Place">What it is of the step: which element of which tensor, or nothing more.</param>
/// <param name="Expected">What is recorded.</param>
/// <param name="Actual">What the library gives.</param>
/// <param name="Tolerance">How far it may be off.</param>
/// <param name="PeerError">How far the source's own float32 run is off, at the worst element of all tensors of the step.</param>
internal sealed record Comparison(
    GoldenCase Golden, int Step, string Place, double Expected, double Actual, double Tolerance, double? PeerError = null)
{
    private const double UnitInTheLastPlace = 1.0 / (1 << 24);

    public double Error => ErrorOf(Expected, Actual);

    public bool Passed => Error <= Tolerance;

    /// <summary>The library's error divided by the peer's; null where the peer's is 0 or not known.</summary>
    public double? Ratio => PeerError > 0 ? Error / PeerError : null;

    /// <summary>Holds the worst element of a tensor to what README.md asks of a float32 implementation.</summary>
    public static Comparison OfTensor(
        GoldenCase golden, int step, string tensor, JsonElement recorded, ReadOnlySpan<float> actual)
    {
        double[] expected = GoldenCase.Numbers(recorded);
        if (expected.Length != actual.Length)
        {
            throw new InvalidDataException(
                $"step {step}: {expected.Length} numbers are recorded for {tensor}, which has {actual.Length}.");
        }

        int worst = 0;
        double largest = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            largest = Math.Max(largest, Math.Abs(expected[i]));
            worst = ErrorOf(expected[i], actual[i]) > ErrorOf(expected[worst], actual[worst]) ? i : worst;
        }

        double? peerError = golden.PeerErrorAt(step);
        double tolerance = peerError is { } error ? (3 * error) + (4 * UnitInTheLastPlace * largest) : 1e-5 * largest;
        return new Comparison(
            golden, step, $"{tensor}[{worst}]", expected[worst], actual[worst], tolerance, peerError);
    }

    public override string ToString() =>
        $"{Golden.Title}, step {Step}, {Place}: expected {Expected:R}, but got {Actual:R}, which is "
        + $"{Error:G3} off; {Tolerance:G3} is allowed, the peer's error is {PeerError?.ToString("G3", null) ?? "not known"}";

    // Not a number is as wrong as can be; a plain comparison would call it right.
    private static double ErrorOf(double expected, double actual)
    {
        double error = Math.Abs(actual - expected);
        return double.IsNaN(error) ? double.PositiveInfinity : error;
    }
}
