namespace Optimizers.Tests;

/// <summary>
/// Files of version 2 of the format, whose options are the texts of records, are read, and their runs continue with the
/// same bits. The files must stay as that version wrote them.
/// </summary>
public sealed class VersionTwoTests
{
    public static TheoryData<string> Names() => [.. VersionTwoRun.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void ResumedRunHasTheSameBits(string name)
    {
        using var whole = new VersionTwoRun(name);
        whole.Train(0, VersionTwoRun.SavedAt);
        using SafetensorsReader file = SafetensorsReader.Open(PathOf(name));
        using (SafetensorsReader saved = SafetensorsBytes.Open(CheckpointBytes.Of(whole.Checkpoint)))
        {
            ShouldHaveTheTensorsOf(saved, file);
        }

        whole.Train(VersionTwoRun.SavedAt, VersionTwoRun.End);
        using var run = new VersionTwoRun(name, resumed: true);
        if (!run.Checkpoint.IncludeParameters)
        {
            // The parameters come from elsewhere.
            using var before = new VersionTwoRun(name);
            before.Train(0, VersionTwoRun.SavedAt);
            foreach (Parameter parameter in before.Set)
            {
                parameter.Values.CopyTo(run.Set[parameter.Name].Values);
            }
        }

        CheckpointReport report = run.Checkpoint.Load(PathOf(name));
        report.Left.Should().BeEmpty();
        report.Untouched.Should().BeEmpty();
        report.Differences.Should().BeEmpty();
        report.NotCompared.Where(line => !line.EndsWith(".options: version 2 of the format did not have it", StringComparison.Ordinal)).Should().BeEmpty();
        report.Changes.Should().HaveCount(name == "everything" ? 4 : 0);
        run.Checkpoint.Values["step"].Should().Be($"{VersionTwoRun.SavedAt}");
        run.Train(VersionTwoRun.SavedAt, VersionTwoRun.End);
        using SafetensorsReader expected = SafetensorsBytes.Open(CheckpointBytes.Of(whole.Checkpoint));
        using SafetensorsReader found = SafetensorsBytes.Open(CheckpointBytes.Of(run.Checkpoint));
        ShouldHaveTheTensorsOf(found, expected);
        found.Metadata.Where(pair => pair.Key != "sha256" && pair.Key != "groups")
            .Should().BeEquivalentTo(expected.Metadata.Where(pair => pair.Key != "sha256" && pair.Key != "groups"));
    }

    [Theory]
    [InlineData("optimizers", "Beta2", "groups[6].Beta2*0.9921875*0.98")]
    [InlineData("optimizers", "Cautious", "groups[10].Cautious*true*false")]
    [InlineData("optimizers", "Epsilon1", "groups[14].Epsilon1*null*1E-20")]
    [InlineData("optimizers", "RateAdjustment", "groups[16].RateAdjustment*MatchRmsAdamW*Original")]
    [InlineData("optimizers", "GrowthRate", "groups[17].GrowthRate*1.25*null")]
    [InlineData("optimizers", "WarmupSteps", "groups[27].WarmupSteps*12*13")]
    [InlineData("schedules", "milestones", "groups[2].schedule.Milestones*9*10")]
    [InlineData("schedules", "total", "groups[7].schedule.TotalSteps*20*21")]
    [InlineData("schedules", "value", "groups[8].schedule.Values*0.05*0.06")]
    [InlineData("schedules", "down", "groups[9].schedule.StepsDown*null*4")]
    [InlineData("schedules", "gamma", "groups[11].schedule.*Gamma*0.5*0.25")]
    [InlineData("schedules", "maximum", "groups[12].schedule.Maximum*0.04*0.05")]
    [InlineData("schedules", "warmup", "groups[16].schedule.*Steps*3*4")]
    [InlineData("schedules", "floor", "groups[17].schedule.Floor*0.01*null")]
    [InlineData("schedules", "timescale", "groups[22].schedule.Timescale*null*5")]
    [InlineData("schedules", "shape", "groups[25].schedule.Shape*Linear*Cosine")]
    [InlineData("schedules", "decay", "groups[28].weight_decay_schedule.Values*0.2*0.3")]
    [InlineData("schedules", "norm", "options.Clip.MaximumNorm*1.5*1.25")]
    [InlineData("formats", "format", "state.Half.exp_avg*")]
    [InlineData("own", "Beta", "groups[0].Beta*0.75*0.5")]
    [InlineData("own", "Rate", "options.Schedule.Rate*0.1*0.2")]
    [InlineData("tables", "accumulator", "groups[1].InitialAccumulator*0.1*0.2")]
    [InlineData("everything", "plateau", "groups[3].schedule.Initial*0.05*0.06")]
    [InlineData("everything", "momentum", "groups[3].momentum_schedule.End*0.8*0.7")]
    [InlineData("everything", "RateFactor", "groups[3].RateFactor*0.5*3")]
    [InlineData("everything", "MaximumNorm", "options.Clip.MaximumNorm*0.5*0.75")]
    [InlineData("sam", "momentum", "groups[0].Momentum*0.875*0.5")]
    [InlineData("sam", "clip", "options.Clip.Clipping*0.25*0.5")]
    public void DifferentOptionThrowsAndIsNamed(string name, string change, string expected)
    {
        using var run = new VersionTwoRun(name, resumed: true, change);
        byte[] before = CheckpointBytes.Of(run.Checkpoint);
        CheckpointException refusal = run.Checkpoint.Invoking(checkpoint => checkpoint.Load(PathOf(name)))
            .Should().Throw<CheckpointException>().Which;
        refusal.Fault.Should().Be(CheckpointFault.Different);
        refusal.Problems.Should().Contain(problem => Matches(problem, expected), string.Join("\n", refusal.Problems));
        CheckpointBytes.Of(run.Checkpoint).Should().Equal(before);
    }

    [Fact]
    public void EveryFileHasARun() =>
        Directory.GetFiles(Path.GetDirectoryName(PathOf("any"))!).Select(Path.GetFileNameWithoutExtension)
            .Should().BeEquivalentTo(VersionTwoRun.Names);

    private static bool Matches(string text, string pattern)
    {
        int position = 0;
        foreach (string part in pattern.Split('*'))
        {
            position = text.IndexOf(part, position, StringComparison.OrdinalIgnoreCase);
            if (position < 0)
            {
                return false;
            }

            position += part.Length;
        }

        return true;
    }

    private static string PathOf(string name) =>
        Path.Combine(AppContext.BaseDirectory, "Checkpoints", "VersionTwo", $"{name}.safetensors");

    private static void ShouldHaveTheTensorsOf(SafetensorsReader found, SafetensorsReader expected)
    {
        found.Tensors.Select(tensor => tensor.Name).Should().BeEquivalentTo(expected.Tensors.Select(tensor => tensor.Name));
        expected.Tensors.Should().NotBeEmpty();
        foreach (SafetensorsTensor tensor in expected.Tensors)
        {
            Bytes(found, tensor.Name).AsSpan().SequenceEqual(Bytes(expected, tensor.Name)).Should().BeTrue(tensor.Name);
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
