extern alias MemoryPlan;

using MemoryPlan::PlanMemory;

namespace Optimizers.Tests.Samples;

/// <summary>The sample MemoryPlan, which plans the memory of a training run on the command line.</summary>
public sealed class MemoryPlanCommandTests : IDisposable
{
    private const string Sample = "MemoryPlan";

    private readonly SampleProcess _process = new();

    public void Dispose() => _process.Dispose();

    [Fact]
    public void SevenBillionParametersTake112GigabytesInFloat32()
    {
        string[][] rows = Rows(Run("--parameters", "7e9"));
        rows.Should().ContainEquivalentOf(Row("weights", "Float32", "4", "28.00 GB"));
        rows.Should().ContainEquivalentOf(Row("gradients", "Float32", "4", "28.00 GB"));
        rows.Should().ContainEquivalentOf(Row("exp_avg", "Float32", "4", "28.00 GB"));
        rows.Should().ContainEquivalentOf(Row("exp_avg_sq", "Float32", "4", "28.00 GB"));
        rows.Should().ContainEquivalentOf(Row("total", "", "16", "112.00 GB"));

        // Both mixed forms that take 84 GB, and the one that does not.
        rows.Should().ContainEquivalentOf(Row("BFloat16", "stochastic rounding", "Float32", "84.00 GB"));
        rows.Should().ContainEquivalentOf(Row("BFloat16", "float32 master copy", "BFloat16", "84.00 GB"));
        rows.Should().ContainEquivalentOf(Row("BFloat16", "float32 master copy", "Float32", "112.00 GB"));
    }

    [Fact]
    public void MixedPrecisionWithoutMasterCopyTakes84Gigabytes()
    {
        string[][] rows = Rows(Run(
            "--parameters", "7e9", "--optimizer", "AdamW", "--weights", "bf16", "--gradients", "bf16", "--precision", "stochastic", "--state", "float32", "--shards", "8"));
        rows.Should().ContainEquivalentOf(Row("weights", "BFloat16", "2", "14.00 GB", "14.00 GB", "112.00 GB"));
        rows.Should().ContainEquivalentOf(Row("exp_avg", "Float32", "4", "28.00 GB", "3.50 GB", "28.00 GB"));
        rows.Should().ContainEquivalentOf(Row("total", "", "12", "84.00 GB", "35.00 GB", "280.00 GB"));
        rows.Should().NotContain(row => row[0] == "master copy");
    }

    [Fact]
    public void GradientsHaveTheFormatOfTheWeightsAndAMasterCopyIsTheDefault()
    {
        string[][] rows = Rows(Run("--parameters", "1e9", "--weights", "BF16", "--state", "block8", "--stage", "2", "--shards", "4"));
        rows.Should().ContainEquivalentOf(Row("gradients", "BFloat16", "2", "2.00 GB", "500.00 MB", "2.00 GB"));
        rows.Should().ContainEquivalentOf(Row("master copy", "Float32", "4", "4.00 GB", "1.00 GB", "4.00 GB"));
        rows.Should().ContainEquivalentOf(Row("exp_avg", "Block8", "1.02", "1.02 GB", "253.91 MB", "1.02 GB"));
        Rows(Run("--parameters", "1e9", "--weights", "half", "--gradients", "float32", "--precision", "compensation"))
            .Should().ContainEquivalentOf(Row("gradients", "Float32", "4", "4.00 GB"))
            .And.ContainEquivalentOf(Row("compensation", "Half", "2", "2.00 GB"));
    }

    [Fact]
    public void MuonForMatricesAndAdamWForTheRest()
    {
        string output = Run("--shapes", "1000x1000, 1000", "--optimizer", "muon", "--vectors", "AdamW");
        string[][] rows = Rows(output);
        rows.Should().ContainEquivalentOf(Row("Muon momentum_buffer", "Float32", "4", "4.00 MB"));
        rows.Should().ContainEquivalentOf(Row("AdamW exp_avg", "Float32", "0", "4.00 kB"));
        output.Should().Contain("1,001,000 parameters, Muon and AdamW.").And.NotContain("counted as matrices");
        Run("--parameters", "7e9", "--optimizer", "Muon").Should().Contain("counted as matrices of 4,096 × 4,096");
    }

    [Fact]
    public void OptionsOfAnOptimizerCanBeGivenAsJson() =>
        Rows(Run("--shapes", "10", "--optimizer", "{\"kind\": \"Adam\", \"amsGrad\": true}"))
            .Should().ContainEquivalentOf(Row("max_exp_avg_sq", "Float32", "4", "40 B"));

    [Fact]
    public void ShapesOfASafetensorsFileAreThoseOfItsFloatingPointTensors()
    {
        using (FileStream file = File.Create(_process.PathOf("model.safetensors")))
        {
            SafetensorsTensor[] tensors =
            [
                new("weight", SafetensorsType.BF16, 100, 20), new("bias", SafetensorsType.F32, 20), new("positions", SafetensorsType.I64, 50),
            ];
            var writer = new SafetensorsWriter(file, tensors);
            foreach (SafetensorsTensor tensor in writer.Tensors)
            {
                writer.WriteBytes(tensor.Name, new byte[tensor.ByteLength]);
            }

            writer.Complete();
        }

        string output = Run("--model", "model.safetensors");
        output.Should().Contain("2,020 parameters, AdamW.").And.Contain("not parameters: 1.");
        Rows(output).Should().ContainEquivalentOf(Row("weights", "Float32", "4", "8.08 kB"));
    }

    [Fact]
    public void OnlyTheParametersOfACheckpointCount()
    {
        using var set = new ParameterSet();
        set.AddRange(("hidden", [30, 20]), ("bias", [20]));
        new Checkpoint(new ModelOptimizer(set, new AdamWOptions())).Save(_process.PathOf("run.safetensors"));
        ModelSource source = ModelSource.OfFile(_process.PathOf("run.safetensors"));
        source.Shapes.Should().BeEquivalentTo([("hidden", new[] { 30, 20 }), ("bias", new[] { 20 })]);
    }

    [Theory]
    [InlineData("--parameters, --model and --shapes are missing.")]
    [InlineData("--parameters and --shapes are both given.", "--parameters", "5", "--shapes", "5")]
    [InlineData("--parameters must be a whole number from 1 to 1e13, but is \"0\".", "--parameters", "0")]
    [InlineData("--parameters must be a whole number from 1 to 1e13, but is \"7,5\".", "--parameters", "7,5")]
    [InlineData("--parameters must be a whole number from 1 to 1e13, but is \"1.5\".", "--parameters", "1.5")]
    [InlineData("--parameters must be a whole number from 1 to 1e13, but is \"1e14\".", "--parameters", "1e14")]
    [InlineData("--shapes must be shapes such as \"4096x4096, 4096\", but is \"4x, 5\": \"4x\" is not a shape.", "--shapes", "4x, 5")]
    [InlineData("--shapes must be shapes", "--shapes", "-4")]
    [InlineData("--shapes must be shapes", "--shapes", "")]
    [InlineData("--model must name a safetensors file, but is \"missing.safetensors\": ", "--model", "missing.safetensors")]
    [InlineData("--weights must be float32, bf16 or half, but is \"int8\".", "--parameters", "5", "--weights", "int8")]
    [InlineData("--gradients must be float32, bf16 or half, but is \"8bit\".", "--parameters", "5", "--gradients", "8bit")]
    [InlineData("--precision must be master, stochastic or compensation, but is \"kahan\".", "--parameters", "5", "--precision", "kahan")]
    [InlineData("--state must be float32, bf16, half or block8, but is \"4bit\".", "--parameters", "5", "--state", "4bit")]
    [InlineData("--shards must be a whole number from 1 to 65536, but is \"0\".", "--parameters", "5", "--shards", "0")]
    [InlineData("--stage must be a whole number from 0 to 2, but is \"3\".", "--parameters", "5", "--stage", "3")]
    [InlineData("--optimizer AdamV is invalid: There is no optimizer \"AdamV\".", "--parameters", "5", "--optimizer", "AdamV")]
    [InlineData("--vectors {\"kind\": 1} is invalid: ", "--parameters", "5", "--vectors", "{\"kind\": 1}")]
    [InlineData("--parameters 5 cannot be planned for --optimizer Muon: --vectors needs the shapes", "--parameters", "5", "--optimizer", "Muon", "--vectors", "AdamW")]
    [InlineData("--shapes 5 cannot be planned for --optimizer Muon: Muon needs two dimensions, but parameter \"1: 5\" has 1.", "--shapes", "5", "--optimizer", "Muon")]
    public void WrongUsageNamesTheOptionAndTheValue(string message, params string[] arguments)
    {
        SampleResult result = _process.Run(Sample, arguments);
        result.Error.Should().StartWith(message);
        result.ExitCode.Should().Be(2);
        result.Output.Should().BeEmpty();
        result.Error.TrimEnd('\n').Should().NotContain("\n").And.NotContain("(Parameter");
    }

    [Theory]
    [InlineData(999, "999 B")]
    [InlineData(999_995, "1.00 MB")]
    [InlineData(28_000_000_000, "28.00 GB")]
    [InlineData(1_500_000_000_000_000, "1.50 PB")]
    public void SizesAreThoseOfTheLibrary(long bytes, string text) => (PlanTables.Size(bytes), TextTable.Size(bytes)).Should().Be((text, text));

    private string Run(params string[] arguments)
    {
        SampleResult result = _process.Run(Sample, arguments);
        result.Error.Should().BeEmpty();
        result.ExitCode.Should().Be(0);
        return result.Output;
    }

    private static string[] Row(params string[] cells) => cells;

    // The cells of each row of the tables.
    private static string[][] Rows(string output) =>
        [.. output.Split('\n').Where(line => line.StartsWith('│')).Select(line => line.Trim().Trim('│').Split('│', StringSplitOptions.TrimEntries))];
}
