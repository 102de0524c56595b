namespace Optimizers.Tests;

/// <summary>Files of version 1 of the format are read, and their runs continue with the same bits.</summary>
public sealed class VersionOneTests
{
    [Theory]
    [InlineData("plain")]
    [InlineData("everything")]
    public void ResumedRunHasTheSameBits(string name)
    {
        using var run = new VersionOneRun(name, resumed: true);
        CheckpointReport report = run.Checkpoint.Load(PathOf(name));
        report.Left.Should().BeEmpty();
        run.Train(VersionOneRun.SavedAt, VersionOneRun.End);
        ShouldHaveTheTensorsOf(run.Checkpoint, $"{name}-end");
    }

    [Fact]
    public void FileWithoutParametersNeedsParametersFromElsewhere()
    {
        const string Name = "without-parameters";
        using var run = new VersionOneRun(Name);
        run.Train(0, VersionOneRun.SavedAt);
        var whole = new Checkpoint(run.Optimizer);
        whole.Invoking(checkpoint => checkpoint.Load(PathOf(Name))).Should().Throw<CheckpointException>()
            .WithMessage($"*values of the parameters*{nameof(CheckpointLoadOptions.ParametersFromElsewhere)}*");
        whole.Load(PathOf(Name), new() { ParametersFromElsewhere = true }).Untouched.Should().Contain("parameters.scale");
        run.Checkpoint.Load(PathOf(Name));
        run.Train(VersionOneRun.SavedAt, VersionOneRun.End);
        ShouldHaveTheTensorsOf(run.Checkpoint, $"{Name}-end");
    }

    [Fact]
    public void ScheduleWithoutStateInTheFileIsReported()
    {
        const string Name = "plateau-not-added";
        using var run = new VersionOneRun(Name, resumed: true);
        run.Checkpoint.Load(PathOf(Name)).Untouched.Should().Equal("schedules.model.0.reduce_on_plateau");
        run.Optimizer.UpdateCount.Should().Be(VersionOneRun.SavedAt);
    }

    [Fact]
    public void StateOfOneBufferIsRead()
    {
        var adam = new Adam(12);
        var checkpoint = new Checkpoint();
        checkpoint.Add("adam", adam.State);
        checkpoint.Load(PathOf("one-buffer")).Tensors.Should().Be(3);
        adam.State.Iteration.Should().Be(VersionOneRun.SavedAt);
        adam.State["exp_avg_sq"].IndexOfAnyExcept(0f).Should().BeGreaterThanOrEqualTo(0);
    }

    [Fact]
    public void OptionsUnknownToVersionOneAreNotCompared()
    {
        using var run = new VersionOneRun("plain", resumed: true);
        byte[] file = CheckpointBytes.WithHeader(
            File.ReadAllBytes(PathOf("plain")),
            header =>
            {
                header.Should().Contain("\\\"AmsGrad\\\":false,");
                return header.Replace("\\\"AmsGrad\\\":false,", "", StringComparison.Ordinal);
            });
        CheckpointBytes.Load(run.Checkpoint, file).NotCompared.Should().ContainSingle(line => line.Contains("groups[0].AmsGrad", StringComparison.Ordinal));
    }

    private static string PathOf(string name) =>
        Path.Combine(AppContext.BaseDirectory, "Checkpoints", "VersionOne", $"{name}.safetensors");

    private static void ShouldHaveTheTensorsOf(Checkpoint checkpoint, string name)
    {
        using SafetensorsReader expected = SafetensorsReader.Open(PathOf(name));
        using SafetensorsReader found = SafetensorsBytes.Open(CheckpointBytes.Of(checkpoint));
        expected.Tensors.Should().NotBeEmpty();
        foreach (SafetensorsTensor tensor in expected.Tensors)
        {
            Bytes(found, tensor.Name).Should().Equal(Bytes(expected, tensor.Name), tensor.Name);
        }

        foreach ((string key, string value) in expected.Metadata.Where(pair => pair.Key is not ("version" or "sha256" or "groups" or "options")))
        {
            found.Metadata[key].Should().Be(value, key);
        }
    }

    private static byte[] Bytes(SafetensorsReader file, string name)
    {
        var bytes = new byte[file[name].ByteLength];
        file.Stream.Position = file.DataStart + file[name].Begin;
        file.Stream.ReadExactly(bytes);
        return bytes;
    }
}
