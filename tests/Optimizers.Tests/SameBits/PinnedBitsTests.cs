using System.Runtime.CompilerServices;

namespace Optimizers.Tests;

/// <summary>
/// The bits of every optimizer match <c>pinned-bits.txt</c>. A pin changes only with a formula or with a deliberate
/// change of rounding. To write a new file then, set the environment variable <c>OPTIMIZERS_WRITE_PINS</c>.
/// </summary>
public sealed class PinnedBitsTests
{
    /// <summary>The argument that makes <see cref="ChildProcess.Main"/> compare the pins.</summary>
    internal const string Argument = "pins";

    private const string WriteVariable = "OPTIMIZERS_WRITE_PINS";

    private static readonly Lazy<Dictionary<string, string>> _pins = new(ReadPins);

    /// <summary>The part of a pin's name before the first bar: a variant of an optimizer, or a wrapper.</summary>
    public static TheoryData<string> Subjects() => [.. PinnedRuns.All.Keys.Select(SubjectOf).Distinct()];

    [Theory]
    [MemberData(nameof(Subjects))]
    public void BitsMatchThePins(string subject)
    {
        // The pins were taken on one thread.
        Differences(subject, name => !PinnedRuns.UsesThreads(name) ? [1] : Catalogue.IsFull ? [1, 2] : [2]).Should().BeEmpty();
    }

    /// <summary>A native program leaves out most loops and computes the rest of a buffer on the stack.</summary>
    [Fact]
    public async Task BitsOfANativeProgramMatchThePins()
    {
        (int exitCode, string output, string errors) = await ChildProcess.RunAsNative(Argument);
        errors.Should().BeEmpty();
        output.Trim().Should().Be("dynamic code: False, pins that differ: 0");
        exitCode.Should().Be(0);
    }

    /// <summary>Compares all pins, for a child process.</summary>
    internal static int Report()
    {
        string[] differences = [.. PinnedRuns.All.Keys.Select(SubjectOf).Distinct().SelectMany(subject => Differences(subject, _ => [1]))];
        Array.ForEach(differences, Console.Error.WriteLine);
        Console.WriteLine($"dynamic code: {RuntimeFeature.IsDynamicCodeSupported}, pins that differ: {differences.Length}");
        return differences.Length == 0 ? 0 : 1;
    }

    [Fact]
    public void PinsAndRunsHaveTheSameNames() => _pins.Value.Keys.Should().BeEquivalentTo(PinnedRuns.All.Keys);

    private static IEnumerable<string> Differences(string subject, Func<string, int[]> threadsOf) =>
        from pair in PinnedRuns.All
        where SubjectOf(pair.Key) == subject
        let pinned = _pins.Value.GetValueOrDefault(pair.Key, "no pin")
        from threads in threadsOf(pair.Key)
        let actual = pair.Value(threads)
        where actual != pinned
        select $"{pair.Key}, threads: {threads}: expected {pinned}, found {actual}";

    private static string SubjectOf(string name) => name.Split(" | ")[0];

    private static Dictionary<string, string> ReadPins()
    {
        string path = Path.Combine(AppContext.BaseDirectory, "SameBits", "pinned-bits.txt");
        if (Environment.GetEnvironmentVariable(WriteVariable) is { Length: > 0 } written)
        {
            path = written;
            File.WriteAllLines(path, PinnedRuns.All.Select(pair => $"{pair.Value(1)} {pair.Key}"));
        }

        return File.ReadAllLines(path).ToDictionary(line => line[17..], line => line[..16]);
    }
}
