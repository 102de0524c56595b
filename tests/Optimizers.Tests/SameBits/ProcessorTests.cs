using System.Reflection;
using System.Runtime.Intrinsics;
using Xunit.Sdk;

namespace Optimizers.Tests;

/// <summary>Promise 1 of the library: the same bits, and the same accuracy, at every vector width.</summary>
[Trait("Category", "Golden")]
public sealed class ProcessorTests
{
    private static readonly Lazy<ProcessorReport> _here = new(ProcessorReport.OfThisProcess);

    /// <summary>
    /// Each switch disables vectors wider than some number of bits. (DOTNET_EnableAVX512F, from earlier runtimes, has no
    /// effect.)
    /// </summary>
    [Theory]
    [NarrowerData("DOTNET_EnableAVX512", 256)]
    [NarrowerData("DOTNET_EnableAVX2", 128)]
    [NarrowerData("DOTNET_EnableHWIntrinsic", 0)]
    public async Task NarrowerProcessorGivesTheSameBits(string runtimeSwitch, int widestBits)
    {
        (int exitCode, string output, string errors) = await ChildProcess.RunWithout(runtimeSwitch);
        errors.Should().BeEmpty("every golden case passes");
        output.Trim().Should().Be(_here.Value.NarrowedTo(widestBits).ToString());
        exitCode.Should().Be(0);
    }
}

/// <summary>A switch of the runtime that narrows vectors; skipped if the processor's vectors are no wider.</summary>
/// <param name="runtimeSwitch">The environment variable.</param>
/// <param name="widestBits">The bits of the widest vectors that remain.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class NarrowerDataAttribute(string runtimeSwitch, int widestBits) : DataAttribute
{
    public string RuntimeSwitch => runtimeSwitch;

    public int WidestBits => widestBits;

    public override string Skip
    {
        get => Narrows() ? null! : $"This processor has no vectors of more than {widestBits} bits.";
        set => throw new NotSupportedException();
    }

    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [[runtimeSwitch, widestBits]];

    private bool Narrows() => widestBits switch
    {
        256 => Vector512.IsHardwareAccelerated,
        128 => Vector256.IsHardwareAccelerated,
        _ => Vector128.IsHardwareAccelerated,
    };
}
