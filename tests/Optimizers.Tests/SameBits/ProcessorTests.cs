namespace Optimizers.Tests;

/// <summary>Promise 1 of the library: the same bits at every vector width, as accurate at each.</summary>
[Trait("Category", "Golden")]
public sealed class ProcessorTests
{
    private static readonly Lazy<ProcessorReport> _here = new(ProcessorReport.OfThisProcess);

    /// <summary>
    /// A switch takes away vectors that are wider than some number of bits; a processor that has none to begin with must
    /// report the same. (DOTNET_EnableAVX512F, of earlier runtimes, has no effect.)
    /// </summary>
    [Theory]
    [InlineData("DOTNET_EnableAVX512", 256)]
    [InlineData("DOTNET_EnableAVX2", 128)]
    [InlineData("DOTNET_EnableHWIntrinsic", 0)]
    public async Task NarrowerProcessorGivesTheSameBits(string runtimeSwitch, int widestBits)
    {
        (int exitCode, string output, string errors) = await ChildProcess.RunWithout(runtimeSwitch);
        errors.Should().BeEmpty("every golden case passes");
        output.Trim().Should().Be(_here.Value.NarrowedTo(widestBits).ToString());
        exitCode.Should().Be(0);
    }
}
