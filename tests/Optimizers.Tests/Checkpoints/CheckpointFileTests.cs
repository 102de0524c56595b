using System.Text.Json;

namespace Optimizers.Tests;

/// <summary>The contents of a checkpoint file.</summary>
public sealed class CheckpointFileTests
{
    [Fact]
    public void TensorsHavePyTorchNames()
    {
        using var folder = new TemporaryFolder();
        using var run = new TrainingRun(new AdamOptions { AmsGrad = true });
        run.Run(0, 3);
        run.Checkpoint.Save(folder["run"]);
        using SafetensorsReader file = SafetensorsReader.Open(folder["run"]);
        file["parameters.body.weight"].ToString().Should().Be("\"parameters.body.weight\" F32 [200, 260]");
        foreach (string slot in new[] { "exp_avg", "exp_avg_sq", "max_exp_avg_sq" })
        {
            file[$"state.body.weight.{slot}"].ToString().Should().Be($"\"state.body.weight.{slot}\" F32 [200, 260]");
        }

        file["state.scale.exp_avg"].Shape.Should().BeEmpty();
        file["state.empty.exp_avg"].Shape.Should().Equal(0);
        file["state.body.weight.step"].ToString().Should().Be("\"state.body.weight.step\" I64 []");
        Step(file, "body.weight").Should().Be(3);
        Step(file, "head.weight").Should().Be(2, "the group was frozen in one step");
        Step(file, "unused").Should().Be(0);
        file.Tensors.Should().HaveCount(6 * 5);
    }

    [Fact]
    public void MetadataContainsOptionsAndGroups()
    {
        using var folder = new TemporaryFolder();
        using var run = new TrainingRun(new AdamWOptions { Epsilon = 1e-9, WeightDecay = 0.1 });
        run.Run(0, 5);
        run.Checkpoint.Values["epoch"] = "{\"n\":3}";
        run.Checkpoint.Save(folder["run"]);
        using SafetensorsReader file = SafetensorsReader.Open(folder["run"]);
        file.Metadata.Keys.Should().BeEquivalentTo("version", "sha256", "update_count", "options", "groups", "skips", "parameters", "values.epoch");
        file.Metadata["version"].Should().Be("3");
        file.Metadata["update_count"].Should().Be("5");
        file.Metadata["skips"].Should().Be("[0, 0]");
        file.Metadata["values.epoch"].Should().Be("{\"n\":3}");
        file.Metadata["sha256"].Should().MatchRegex("^[0-9a-f]{64}$");
        JsonElement options = JsonElement.Parse(file.Metadata["options"]);
        options.GetProperty("schedule").GetProperty("kind").GetString().Should().Be(nameof(WarmupCosine));
        options.GetProperty("clip").GetProperty("maximumNorm").GetDouble().Should().Be(0.5);
        JsonElement group = JsonElement.Parse(file.Metadata["groups"])[1];
        JsonElement settings = group.GetProperty("group");
        JsonElement optimizer = settings.GetProperty("optimizer");
        optimizer.GetRawText().Should().Be(OptimizerConfiguration.ToJson(run.Optimizer.Groups[1].Options), "a checkpoint contains the JSON of OptimizerConfiguration");
        optimizer.GetProperty("kind").GetString().Should().Be(nameof(AdamW));
        optimizer.GetProperty("epsilon").GetDouble().Should().Be(1e-9);
        optimizer.GetProperty("amsGrad").GetBoolean().Should().BeFalse();
        settings.GetProperty("weightDecay").GetDouble().Should().Be(0.05);
        group.GetProperty("parameters").EnumerateArray().Select(name => name.GetString())
            .Should().Equal("body.weight", "body.bias", "empty", "scale", "unused");
        group.GetProperty("without_gradient").EnumerateArray().Select(name => name.GetString()).Should().Equal("scale", "unused");
        JsonElement.Parse(file.Metadata["groups"])[0].GetProperty("group").GetProperty("schedule").GetProperty("value").GetDouble().Should().Be(0.01);
    }

    [Fact]
    public void ChecksumIsComputedWithZeroDigits()
    {
        using var folder = new TemporaryFolder();
        using var run = new TrainingRun(new SgdOptions());
        run.Checkpoint.Save(folder["run"]);
        byte[] bytes = File.ReadAllBytes(folder["run"]);
        using SafetensorsReader file = SafetensorsBytes.Open(bytes);
        string digits = file.Metadata["sha256"];
        bytes.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(digits)).Should().BePositive();
        bytes.AsSpan(bytes.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(digits)), 64).Fill((byte)'0');
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)).Should().Be(digits);
    }

    [Theory]
    [InlineData("Plain", "\"Plain\"")]
    [InlineData("", "null")]
    [InlineData("0.001", "0.001")]
    [InlineData("1E-08", "1E-08")]
    [InlineData("∞", "\"∞\"")]
    [InlineData("True", "true")]
    [InlineData("A { }", """{"kind":"A"}""")]
    [InlineData("A { X = 1, Y =  }", """{"kind":"A","X":1,"Y":null}""")]
    [InlineData("A { X = B { Y = 1, Z = C { } }, W = Coupled }", """{"kind":"A","X":{"kind":"B","Y":1,"Z":{"kind":"C"}},"W":"Coupled"}""")]
    [InlineData("A { X = [1, 2], Y = (3, 4) }", """{"kind":"A","X":"[1, 2]","Y":"(3, 4)"}""")]
    public void RecordTextOfFormerVersionsBecomesJson(string text, string json) =>
        FormerFormats.ElementOf(text).GetRawText().Should().Be(json);

    [Fact]
    public void OptionsAreWrittenInTheInvariantCulture()
    {
        System.Globalization.CultureInfo before = System.Globalization.CultureInfo.CurrentCulture;
        var commas = (System.Globalization.CultureInfo)System.Globalization.CultureInfo.InvariantCulture.Clone();
        commas.NumberFormat.NumberDecimalSeparator = ",";
        commas.NumberFormat.NegativeSign = "~";
        using var folder = new TemporaryFolder();
        using var run = new TrainingRun(new AdamOptions { Epsilon = 1e-9 });
        run.Checkpoint.Save(folder["before"]);
        System.Globalization.CultureInfo.CurrentCulture = commas;
        try
        {
            run.Checkpoint.Save(folder["after"]);
            run.Checkpoint.Load(folder["before"]);
            System.Globalization.CultureInfo.CurrentCulture.Should().BeSameAs(commas);
        }
        finally
        {
            System.Globalization.CultureInfo.CurrentCulture = before;
        }

        File.ReadAllBytes(folder["after"]).Should().Equal(File.ReadAllBytes(folder["before"]));
    }

    private static long Step(SafetensorsReader file, string parameter)
    {
        var step = new long[1];
        file.Read<long>(file[$"state.{parameter}.step"], step);
        return step[0];
    }
}
