using System.Text.RegularExpressions;

namespace Optimizers.Tests.Samples;

/// <summary>Tests of the command line that all samples must pass.</summary>
public sealed partial class CommandLineTests : IDisposable
{
    private static readonly Dictionary<string, string[]> _writing = new()
    {
        ["Digits"] = ["--epochs", "1000000", "--svg"],
        ["FindRate"] = ["--svg"],
        ["Race"] = ["--steps", "100000", "--svg"],
        ["DrawSchedules"] = ["Constant(1)", "--svg"],
        ["CharModel"] = ["--steps", "1000000", "--checkpoint"],
    };

    private readonly SampleProcess _sample = new();

    public static TheoryData<string> Samples() => ["AdamByHand", "MemoryPlan", .. _writing.Keys];

    public static TheoryData<string> WritingSamples() => [.. _writing.Keys];

    public void Dispose() => _sample.Dispose();

    [Theory]
    [MemberData(nameof(Samples))]
    public void HelpShowsEachDefaultOnce(string sample)
    {
        SampleResult result = _sample.Run(sample, "--help");
        result.ExitCode.Should().Be(0);
        result.Error.Should().BeEmpty();
        result.OutputLines.Should().OnlyContain(line => Default().Count(line) <= 1);
    }

    // The training takes hours, so a run that ends has reported the error before the training.
    [Theory]
    [MemberData(nameof(WritingSamples))]
    public void PathThatCannotBeWrittenGivesAnErrorBeforeTheTraining(string sample)
    {
        File.WriteAllText(_sample.PathOf("file"), "kept");
        Directory.CreateDirectory(_sample.PathOf("folder"));
        // The samples share the check, so one of them gets every path.
        string[] paths = sample == "DrawSchedules" ? ["no/such/folder", "folder", "folder/", ".", "file/inside", "", new string('n', 300)] : ["no/such/folder", "folder"];
        foreach (string path in paths)
        {
            SampleResult result = _sample.Run(sample, [.. _writing[sample], path]);
            result.ExitCode.Should().Be(2, $"the path is \"{path}\"");
            result.Output.Should().BeEmpty();
            result.Error.Should().Contain(_writing[sample][^1], $"the path is \"{path}\"");
            result.Error.TrimEnd('\n').Should().NotContain("\n");
        }

        _sample.Files.Should().Equal("file");
        File.ReadAllText(_sample.PathOf("file")).Should().Be("kept");
    }

    [Fact]
    public void DefaultPathIsCheckedAsWell()
    {
        Directory.CreateDirectory(_sample.PathOf("digits-loss.svg"));
        SampleResult result = _sample.Run("Digits", "--epochs", "1000000");
        result.ExitCode.Should().Be(2);
        result.Error.Should().StartWith("--svg must name a file");
    }

    [Theory]
    [InlineData("--temperature must be a number from 0 to 100, but is \"0,8\"", "CharModel", "--temperature", "0,8")]
    [InlineData("--steps must be a whole number from 1 ", "Race", "--steps", "1,000")]
    public void CommaIsNotADecimalPoint(string message, string sample, params string[] arguments)
    {
        SampleResult result = _sample.Run(sample, arguments);
        result.ExitCode.Should().Be(2);
        result.Error.Should().StartWith(message);
    }

    [Theory]
    [InlineData(0, "0 epochs")]
    [InlineData(1, "1 epoch")]
    [InlineData(1_500, "1,500 epochs")]
    public void CountFormatsANumberWithItsNoun(long number, string text) => global::Samples.Count.Of(number, "epoch").Should().Be(text);

    [Fact]
    public void WriteCheckDoesNotChangeAnExistingFile()
    {
        string path = _sample.PathOf("file");
        File.WriteAllText(path, "kept");
        DateTime written = File.GetLastWriteTimeUtc(path);
        global::Samples.OutputFile.RequireWritable(path);
        global::Samples.OutputFile.RequireWritable(_sample.PathOf("other"));
        File.ReadAllText(path).Should().Be("kept");
        File.GetLastWriteTimeUtc(path).Should().Be(written);
        _sample.Files.Should().Equal("file");
    }

    [GeneratedRegex(@"\bdefault\b", RegexOptions.IgnoreCase)]
    private static partial Regex Default();
}
