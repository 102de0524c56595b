namespace Optimizers.Tests;

/// <summary>
/// The bits of every optimizer are those of <c>pinned-bits.txt</c>. A pin changes only with a formula or with a deliberate
/// change of rounding; the environment variable <c>OPTIMIZERS_WRITE_PINS</c> then writes the file anew.
/// </summary>
public sealed class PinnedBitsTests
{
    private const string WriteVariable = "OPTIMIZERS_WRITE_PINS";

    private static readonly Lazy<Dictionary<string, string>> _pins = new(ReadPins);

    /// <summary>What stands before the first bar of a pin's name: a variant of an optimizer, or a wrapper.</summary>
    public static TheoryData<string> Subjects() => [.. PinnedRuns.All.Keys.Select(SubjectOf).Distinct()];

    [Theory]
    [MemberData(nameof(Subjects))]
    public void TheBitsAreThePinnedOnes(string subject)
    {
        var differences = new List<string>();
        foreach ((string name, Func<int, string> run) in PinnedRuns.All.Where(pair => SubjectOf(pair.Key) == subject))
        {
            string pinned = _pins.Value.GetValueOrDefault(name, "no pin");
            // The pins were taken on one thread.
            foreach (int threads in !PinnedRuns.UsesThreads(name) ? [1] : Catalogue.IsFull ? [1, 2] : new[] { 2 })
            {
                string actual = run(threads);
                if (actual != pinned)
                {
                    differences.Add($"{name}, threads: {threads}: expected {pinned}, found {actual}");
                }
            }
        }

        differences.Should().BeEmpty();
    }

    [Fact]
    public void EveryRunHasAPinAndEveryPinARun() => _pins.Value.Keys.Should().BeEquivalentTo(PinnedRuns.All.Keys);

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
