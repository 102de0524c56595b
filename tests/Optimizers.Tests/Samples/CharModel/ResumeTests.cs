extern alias CharModel;
using System.Diagnostics;
using System.Globalization;
using CharModel::CharModel;
using Xunit.Abstractions;
using CharTraining = CharModel::CharModel.Training;

namespace Optimizers.Tests.Samples.CharModel;

/// <summary>
/// Interrupted runs of the sample, in a separate process. The variable OPTIMIZERS_KILLS sets how often the test kills the process.
/// </summary>
public sealed class ResumeTests(ITestOutputHelper output) : IDisposable
{
    private const string File = "run.safetensors";
    private const int FewKills = 6;

    private static readonly string[] _hashes = HashesOfUninterruptedRun();

    private readonly SampleProcess _sample = new();

    private string CheckpointPath => _sample.PathOf(File);

    private bool IsSaved => System.IO.File.Exists(CheckpointPath);

    private string[] TemporaryFiles => [.. _sample.Files.Where(name => name.EndsWith(".tmp", StringComparison.Ordinal))];

    public void Dispose() => _sample.Dispose();

    [Fact]
    public void RunThatIsKilledRepeatedlyEndsWithTheBitsOfAnUninterruptedRun()
    {
        int kills = int.TryParse(
            Environment.GetEnvironmentVariable("OPTIMIZERS_KILLS"), CultureInfo.InvariantCulture, out int many) ? many : FewKills;
        WriteText();
        var random = new Random(kills);
        int finished = 0, duringSaves = 0, absent = 0;
        long step = 0;
        for (int kill = 0; kill < kills;)
        {
            string[] left = TemporaryFiles;
            using Process process = Start();
            Wait(process, random, left, fromItsBeginning: kill % 4 == 3);
            process.Kill();
            SampleResult result = SampleProcess.ResultOf(process);
            duringSaves += TemporaryFiles.Except(left).Count();
            if (result.ExitCode == 0)
            {
                // The run finished before the kill. Check its result, and start again from the beginning.
                ShouldHaveFinished(result);
                finished++;
                System.IO.File.Delete(CheckpointPath);
                step = 0;
                continue;
            }

            kill++;
            result.Error.Should().BeEmpty();
            absent += IsSaved ? 0 : 1;
            step = IsSaved ? ShouldBeIntact(atLeast: step) : step;
            IsSaved.Should().Be(step > 0, "a saved checkpoint does not disappear");
        }

        using Process last = Start();
        ShouldHaveFinished(SampleProcess.ResultOf(last));
        _sample.Files.Should().BeEquivalentTo(["text.txt", File], "the next run deletes the temporary files of killed processes");
        output.WriteLine(
            $"{kills} kills: {duringSaves} during a save, {absent} before the first save; {finished + 1} runs finished, all with the same bits");
    }

    [Fact]
    public void InterruptSavesAndTheResumedRunEndsWithTheSameBits()
    {
        WriteText();
        SampleResult result = Interrupted();
        for (int attempt = 1; attempt < 20 && result.ExitCode == 0; attempt++)
        {
            // The run finished before the interrupt.
            ShouldHaveFinished(result);
            System.IO.File.Delete(CheckpointPath);
            result = Interrupted();
        }

        result.ExitCode.Should().Be(130);
        result.Error.Should().MatchRegex(@"^stopped after step \d+ of 120; continue with --resume\r?\n$");
        ShouldBeIntact(atLeast: 50);
        using Process resumed = Start();
        ShouldHaveFinished(SampleProcess.ResultOf(resumed));
    }

    [Theory]
    [InlineData("--steps", "121")]
    [InlineData("--batch", "4")]
    [InlineData("--context", "5")]
    [InlineData("--width", "10")]
    [InlineData("--layers", "2")]
    [InlineData("--heads", "4")]
    [InlineData("--rate", "0.02")]
    [InlineData("--seed", "6")]
    [InlineData("--data", "other.txt")]
    public void CheckpointOfAnotherRunGivesAnErrorInOneLine(string option, string value)
    {
        WriteText();
        System.IO.File.WriteAllText(_sample.PathOf("other.txt"), $"{SmallRun.Text}!");
        using (CharTraining training = SmallRun.Start())
        {
            training.Step();
            new TrainingCheckpoint(training, CheckpointPath).Save();
        }

        byte[] before = System.IO.File.ReadAllBytes(CheckpointPath);
        string[] arguments = SmallRun.Arguments("--checkpoint", File, "--resume");
        arguments[Array.IndexOf(arguments, option) + 1] = value;
        SampleResult result = _sample.Run("CharModel", arguments);
        result.ExitCode.Should().Be(2);
        result.Output.Should().BeEmpty();
        result.Error.TrimEnd('\n').Should().Contain($"\"{File}\" belongs to another run: {option} is ")
            .And.Contain("in the file").And.NotContain("\n").And.NotContain("; ");
        System.IO.File.ReadAllBytes(CheckpointPath).Should().Equal(before);
    }

    [Fact]
    public void DamagedCheckpointGivesAnErrorInOneLine()
    {
        WriteText();
        using (CharTraining training = SmallRun.Start())
        {
            training.Step();
            new TrainingCheckpoint(training, CheckpointPath).Save();
        }

        byte[] bytes = System.IO.File.ReadAllBytes(CheckpointPath);
        bytes[^7] ^= 1;
        System.IO.File.WriteAllBytes(CheckpointPath, bytes);
        SampleResult result = _sample.Run("CharModel", SmallRun.Arguments("--checkpoint", File, "--resume"));
        result.ExitCode.Should().Be(2);
        result.Error.TrimEnd('\n').Should().Contain($"\"{File}\" is damaged").And.NotContain("\n");
    }

    [Fact]
    public void ResumingAFinishedRunWritesTheTextWithoutTraining()
    {
        WriteText();
        using Process first = Start();
        SampleResult result = SampleProcess.ResultOf(first);
        using Process second = Start();
        SampleResult again = SampleProcess.ResultOf(second);
        again.OutputLines[^2..].Should().Equal(result.OutputLines[^2..]);
        again.OutputLines.Should().NotContain(line => line.StartsWith("step", StringComparison.Ordinal));
    }

    private static string[] HashesOfUninterruptedRun()
    {
        using CharTraining training = SmallRun.Start();
        var hashes = new string[SmallRun.Settings.Steps + 1];
        hashes[0] = training.WeightsHash;
        for (int step = 1; step < hashes.Length; step++)
        {
            training.Step();
            hashes[step] = training.WeightsHash;
        }

        return hashes;
    }

    private void WriteText() => System.IO.File.WriteAllText(_sample.PathOf("text.txt"), SmallRun.Text);

    // Without other options, the run saves after every step, so that it spends most of its time on saves and many kills hit one.
    private Process Start(params string[] more) => _sample.Start(
        "CharModel",
        SmallRun.Arguments(
            [
                "--checkpoint", File, "--threads", "2", "--sample", "0",
                .. more.Length > 0 ? more : ["--every", "1"],
                .. IsSaved ? new[] { "--resume" } : [],
            ]));

    // Waits for a random moment: during the start of the program, or during one of the first saves.
    private void Wait(Process process, Random random, string[] left, bool fromItsBeginning)
    {
        if (fromItsBeginning)
        {
            Spin(TimeSpan.FromMilliseconds(random.Next(600)));
            return;
        }

        SpinWait.SpinUntil(() => TemporaryFiles.Except(left).Any() || process.HasExited);
        Spin(TimeSpan.FromMicroseconds(random.Next(random.Next(2) == 0 ? 4_000 : 100_000)));

        void Spin(TimeSpan time)
        {
            long start = Stopwatch.GetTimestamp();
            SpinWait.SpinUntil(() => process.HasExited || Stopwatch.GetElapsedTime(start) > time);
        }
    }

    // Interrupts a run after its first save.
    private SampleResult Interrupted()
    {
        using Process process = Start("--every", "50");
        SpinWait.SpinUntil(() => IsSaved || process.HasExited);
        using (Process interrupt = Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            interrupt.WaitForExit();
        }

        return SampleProcess.ResultOf(process);
    }

    private long ShouldBeIntact(long atLeast)
    {
        using CharTraining training = SmallRun.Start();
        new TrainingCheckpoint(training, CheckpointPath).Load();
        long step = training.Optimizer.UpdateCount;
        step.Should().BeInRange(atLeast, SmallRun.Settings.Steps);
        training.WeightsHash.Should().Be(_hashes[step], "the weights must be those of an uninterrupted run after step {0}", step);
        return step;
    }

    private void ShouldHaveFinished(SampleResult result)
    {
        result.ExitCode.Should().Be(0, result.Error);
        SmallRun.WeightsHashIn(result).Should().Be(_hashes[^1]);
        ShouldBeIntact(atLeast: SmallRun.Settings.Steps);
    }
}
