using System.Text.Json;

namespace Optimizers.Tests;

/// <summary>The comparison of a recorded number with the library's number. For a tensor, it is the element with the largest error.</summary>
/// <param name="Golden">The case.</param>
/// <param name="Step">The number of updates so far, or the index of a schedule.</param>
/// <param name="Place">The compared number: an element of a tensor, a loss, a norm, a rate or a momentum.</param>
/// <param name="Expected">The recorded number.</param>
/// <param name="Actual">The library's number.</param>
/// <param name="Tolerance">The largest accepted error.</param>
/// <param name="PeerError">The largest error of the source's own float32 run over the elements of all tensors of the step.</param>
internal sealed record Comparison(
    GoldenCase Golden, int Step, string Place, double Expected, double Actual, double Tolerance, double? PeerError = null)
{
    private const double UnitInTheLastPlace = 1.0 / (1 << 24);

    public double Error => ErrorOf(Expected, Actual);

    public bool Passed => Error <= Tolerance;

    /// <summary>The library's error divided by the peer's error; null if the peer's error is 0 or not known.</summary>
    public double? Ratio => PeerError > 0 ? Error / PeerError : null;

    /// <summary>Compares a tensor within the tolerance that README.md in this folder gives for a float32 implementation.</summary>
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
        $"{Golden.Title}, step {Step}, {Place}: expected {Expected:R}, but got {Actual:R}, an error "
        + $"of {Error:G3}; the tolerance is {Tolerance:G3}, the peer's error is {PeerError?.ToString("G3", null) ?? "not known"}";

    // A NaN counts as an infinite error, because a comparison of the NaN with the largest error so far would be false.
    private static double ErrorOf(double expected, double actual)
    {
        double error = Math.Abs(actual - expected);
        return double.IsNaN(error) ? double.PositiveInfinity : error;
    }
}
