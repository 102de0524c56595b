using System.Diagnostics;
using System.Globalization;
using System.Xml.Linq;
using Optimizers.Checkpoints;
using Optimizers.Tests.Samples;

namespace Optimizers.TorchSharp.Tests.Samples;

public sealed class TorchDigitsTests : IDisposable
{
    private const string Checkpoint = "run.safetensors";
    private const string WholeCheckpoint = "whole.safetensors";
    private const int Epochs = 8;

    private readonly SampleProcess _sample = new();

    public static TheoryData<string> Models => ["cnn", "vit"];

    public void Dispose() => _sample.Dispose();

    [Theory]
    [InlineData("--model must be cnn or vit, but is \"mlp\"", "--model", "mlp")]
    [InlineData("--epochs must be a whole number from 1 ", "--epochs", "0")]
    [InlineData("--epochs must be a whole number from 1 ", "--epochs", "2.5")]
    [InlineData("--seed must be a whole number from 0 ", "--seed", "-1")]
    [InlineData("--threads must be a whole number from 0 ", "--threads", "-1")]
    [InlineData("--svg must name a file in a folder that exists", "--svg", "no/such/folder.svg")]
    [InlineData("--checkpoint must name a file in a folder that exists", "--checkpoint", "no/such/run")]
    [InlineData("--checkpoint must name a file in a folder that exists", "--checkpoint", ".")]
    [InlineData("--checkpoint \"text\" exists: continue from it with --resume, or remove it", "--checkpoint", "text")]
    [InlineData("--resume needs --checkpoint FILE", "--resume")]
    [InlineData("--resume needs a checkpoint, but \"run\" does not exist", "--resume", "--checkpoint", "run")]
    [InlineData("'--epoch'", "--epoch", "3")]
    [InlineData("'vit'", "vit")]
    public void WrongValueGivesAnErrorInOneLineAndExitCode2(string message, params string[] arguments)
    {
        File.WriteAllText(_sample.PathOf("text"), "no checkpoint");
        ShouldBeRefused(_sample.Run("TorchDigits", arguments), message);
        _sample.Files.Should().Equal("text");
    }

    [Fact]
    public void HelpNamesEveryOption()
    {
        SampleResult result = _sample.Run("TorchDigits", "--help");
        result.ExitCode.Should().Be(0);
        result.Error.Should().BeEmpty();
        result.Output.Should().ContainAll(
            "--model", "--epochs", "--seed", "--threads", "--checkpoint", "--resume", "--no-comparison", "--svg", "--quiet", "--help");
    }

    [TorchTheory]
    [MemberData(nameof(Models))]
    public void RunEndsWithATableInWhichBothOptimizersLearnAlike(string model)
    {
        SampleResult result = _sample.Run("TorchDigits", "--model", model, "--epochs", "2", "--threads", "1", "--svg", "chart.svg");
        result.ExitCode.Should().Be(0, result.Error);
        result.Error.Should().BeEmpty();
        result.Output.Should().NotContain("\u001b", "the output is not a terminal");
        string[][] rows = RowsIn(result);
        string[] torchSharp = rows[0], ours = rows[1];
        torchSharp[0].Should().Be("TorchSharp");
        ours[0].Should().Be("Optimizers");

        // The two runs differ by float rounding only.
        Number(ours[1]).Should().BeApproximately(Number(torchSharp[1]), 0.002).And.BeInRange(0.01, 2.2);
        Number(ours[2]).Should().BeApproximately(Number(torchSharp[2]), 0.02).And.BeInRange(0.3, 1);
        (Number(torchSharp[4]) > 0 && Number(ours[4]) > 0).Should().BeTrue("the updates take time");
        Number(torchSharp[5]).Should().BeGreaterThan(1_000);
        Number(ours[5]).Should().Be(0);

        result.OutputLines[^1].Should().Be($"test accuracy: {ours[3]}");
        EpochLinesIn(result).Should().HaveCount(4);
        _sample.Files.Should().Equal("chart.svg");
        XDocument.Load(_sample.PathOf("chart.svg")).Descendants().Where(element => element.Name.LocalName == "polyline").Should().HaveCount(3);
    }

    [TorchFact]
    public void QuietPrintsOnlyTheAccuracy()
    {
        SampleResult result = _sample.Run("TorchDigits", "--quiet", "--epochs", "1", "--threads", "1");
        result.ExitCode.Should().Be(0, result.Error);
        result.Output.Should().MatchRegex(@"^test accuracy: 0\.\d{4}\r?\n$");
        result.Error.Should().BeEmpty();
        _sample.Files.Should().Equal("torch-digits-loss.svg");
    }

    [TorchFact]
    public void SeedChangesTheWeights()
    {
        string[] digests = [.. new[] { "1", "1", "2" }.Select(seed => DigestIn(_sample.Run(
            "TorchDigits", "--epochs", "1", "--threads", "1", "--no-comparison", "--seed", seed)))];
        digests[1].Should().Be(digests[0]);
        digests[2].Should().NotBe(digests[0]);
    }

    [TorchTheory]
    [MemberData(nameof(Models))]
    public void RunThatIsKilledAndResumedEndsWithTheBitsOfAnUninterruptedRun(string model)
    {
        SampleResult whole = Uninterrupted(model);
        using (Process process = Start(model))
        {
            ReadUntilEpoch(process, 3);
            process.Kill();
            SampleProcess.ResultOf(process).ExitCode.Should().Be(137, "SIGKILL ends the process before its last epoch");
        }

        SampleResult resumed = Resume(model);
        ShouldHaveContinued(resumed, whole, atLeast: 3);

        // A finished run trains no more. Its file still has all weights and results.
        SampleResult again = Resume(model);
        EpochLinesIn(again).Should().BeEmpty();
        again.OutputLines[1..].Should().Equal(whole.OutputLines[^3..]);
    }

    [TorchFact]
    public void InterruptSavesAndTheResumedRunEndsWithTheSameBits()
    {
        SampleResult whole = Uninterrupted("cnn");
        SampleResult interrupted;
        using (Process process = Start("cnn"))
        {
            ReadUntilEpoch(process, 2);
            using (Process interrupt = Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)]))
            {
                interrupt.WaitForExit();
            }

            interrupted = SampleProcess.ResultOf(process);
        }

        interrupted.ExitCode.Should().Be(130);
        interrupted.Error.Should().MatchRegex($@"^stopped after epoch [2-7] of {Epochs}; continue with --resume\r?\n$");
        ShouldHaveContinued(Resume("cnn"), whole, atLeast: interrupted.Error["stopped after epoch ".Length] - '0');
    }

    [TorchFact]
    public void CheckpointOfAnotherRunIsRefused()
    {
        string[] run = ["--checkpoint", Checkpoint, "--threads", "1", "--quiet"];
        _sample.Run("TorchDigits", [.. run, "--epochs", "1"]).ExitCode.Should().Be(0);
        byte[] saved = File.ReadAllBytes(_sample.PathOf(Checkpoint));

        string message = $"\"{Checkpoint}\" belongs to a run with --model cnn --epochs 1 --seed 1, but this run has ";
        ShouldBeRefused(_sample.Run("TorchDigits", [.. run, "--resume", "--epochs", "2"]), $"{message}--model cnn --epochs 2 --seed 1.");
        ShouldBeRefused(_sample.Run("TorchDigits", [.. run, "--resume", "--epochs", "1", "--seed", "5"]), $"{message}--model cnn --epochs 1 --seed 5.");
        ShouldBeRefused(_sample.Run("TorchDigits", [.. run, "--resume", "--epochs", "1", "--model", "vit"]), $"{message}--model vit --epochs 1 --seed 1.");
        File.ReadAllBytes(_sample.PathOf(Checkpoint)).Should().Equal(saved);

        saved[^7] ^= 1;
        File.WriteAllBytes(_sample.PathOf(Checkpoint), saved);
        ShouldBeRefused(_sample.Run("TorchDigits", [.. run, "--resume", "--epochs", "1"]), $"{Checkpoint}\" is damaged");
        File.WriteAllText(_sample.PathOf(Checkpoint), "no checkpoint");
        ShouldBeRefused(_sample.Run("TorchDigits", [.. run, "--resume", "--epochs", "1"]), $"{Checkpoint}\" cannot be read. It is not a safetensors file");
    }

    private static void ShouldBeRefused(SampleResult result, string message)
    {
        result.ExitCode.Should().Be(2, result.Error);
        result.Output.Should().BeEmpty();
        result.Error.Should().EndWith("\n").And.Contain(message);
        result.Error.TrimEnd('\n').Should().NotContain("\n");
    }

    // The first line of a resumed run names the number of epochs of its checkpoint.
    private void ShouldHaveContinued(SampleResult resumed, SampleResult whole, int atLeast)
    {
        resumed.ExitCode.Should().Be(0, resumed.Error);
        resumed.OutputLines[0].Should().MatchRegex(@", \d of them done$");
        int done = resumed.OutputLines[0][^(" of them done".Length + 1)] - '0';
        done.Should().BeInRange(atLeast, Epochs - 1);
        EpochLinesIn(resumed).Should().Equal(EpochLinesIn(whole)[done..]);
        DigestIn(resumed).Should().Be(DigestIn(whole));

        // The files also have the state of the optimizer, the average and the generator.
        File.ReadAllBytes(_sample.PathOf(Checkpoint)).Should().Equal(File.ReadAllBytes(_sample.PathOf(WholeCheckpoint)));
        using var file = SafetensorsReader.Open(_sample.PathOf(Checkpoint));
        file.Metadata["values.epoch"].Should().Be($"{Epochs}");
    }

    private static string[] Arguments(string model, params string[] more) =>
        ["--model", model, "--epochs", $"{Epochs}", "--threads", "1", "--no-comparison", .. more];

    private static void ReadUntilEpoch(Process process, int epoch)
    {
        while (process.StandardOutput.ReadLine() is { } line && !line.StartsWith($"epoch {epoch}", StringComparison.Ordinal))
        {
        }
    }

    private static string[] EpochLinesIn(SampleResult result) =>
        [.. result.OutputLines.Where(line => line.StartsWith("epoch", StringComparison.Ordinal))];

    private static string DigestIn(SampleResult result)
    {
        string digest = result.OutputLines.Single(line => line.StartsWith("weights: ", StringComparison.Ordinal));
        digest.Should().MatchRegex("^weights: [0-9a-f]{64}$");
        return digest;
    }

    // The cells of the table's two rows. The heading is above them.
    private static string[][] RowsIn(SampleResult result) =>
    [
        .. result.OutputLines.Where(line => line.StartsWith('│')).TakeLast(2)
            .Select(line => line.Trim('│').Split('│', StringSplitOptions.TrimEntries)),
    ];

    private static double Number(string cell) => double.Parse(cell, CultureInfo.InvariantCulture);

    private SampleResult Uninterrupted(string model)
    {
        SampleResult whole = _sample.Run("TorchDigits", Arguments(model, "--checkpoint", WholeCheckpoint));
        whole.ExitCode.Should().Be(0, whole.Error);
        EpochLinesIn(whole).Should().HaveCount(Epochs);
        return whole;
    }

    private SampleResult Resume(string model) =>
        _sample.Run("TorchDigits", Arguments(model, "--checkpoint", Checkpoint, "--resume"));

    private Process Start(string model) => _sample.Start("TorchDigits", Arguments(model, "--checkpoint", Checkpoint));
}
