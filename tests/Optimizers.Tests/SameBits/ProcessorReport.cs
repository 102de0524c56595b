namespace Optimizers.Tests;

/// <summary>The vectors of a process, and the results of its computation.</summary>
/// <param name="Vector512">Whether the process has vectors of 512 bits in hardware.</param>
/// <param name="Vector256">Whether the process has vectors of 256 bits in hardware.</param>
/// <param name="Vector128">Whether the process has vectors of 128 bits in hardware.</param>
/// <param name="GoldenCases">The number of golden cases that the process runs.</param>
/// <param name="Digest">The hash over the final parameters and states of all optimizers.</param>
internal sealed record ProcessorReport(bool Vector512, bool Vector256, bool Vector128, int GoldenCases, string Digest)
{
    public static ProcessorReport OfThisProcess() => new(
        System.Runtime.Intrinsics.Vector512.IsHardwareAccelerated,
        System.Runtime.Intrinsics.Vector256.IsHardwareAccelerated,
        System.Runtime.Intrinsics.Vector128.IsHardwareAccelerated,
        GoldenSuite.OptimizerCases.Count() + GoldenSuite.ScheduleCases.Count(),
        StateDigest.Compute());

    /// <summary>The expected report of a process with vectors of at most some number of bits.</summary>
    public ProcessorReport NarrowedTo(int bits) => this with
    {
        Vector512 = Vector512 && bits >= 512,
        Vector256 = Vector256 && bits >= 256,
        Vector128 = Vector128 && bits >= 128,
    };
}
