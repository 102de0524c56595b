using System.Text.Json;
using Xunit.Abstractions;

namespace Optimizers.Tests;

/// <summary>The library continues runs that PyTorch saved, and gets PyTorch's final result.</summary>
[Trait("Category", "Golden")]
public sealed class TorchStateTests(ITestOutputHelper output)
{
    [GoldenFileFact("states.json")]
    public void PyTorchRunContinuesToTheSameResult()
    {
        string path = GoldenData.PathOf("checkpoints", "states.json");
        JsonElement[] states = [.. JsonElement.Parse(File.ReadAllBytes(path)).EnumerateArray()];
        ILookup<bool, JsonElement> exist = states.ToLookup(state => Catalogue.Optimizers.Any(row => row.Type.Name == Name(state)));
        output.WriteLine($"continued: {string.Join(", ", exist[true].Select(Name))}; without an optimizer in the catalogue: {string.Join(", ", exist[false].Select(Name))}");
        exist[true].Should().HaveCountGreaterThanOrEqualTo(GoldenData.IsReplaced ? 1 : 6);
        exist[true].SelectMany(Differences).Should().BeEmpty();
    }

    [Fact]
    public void FileWithoutUpdateCountNeedsTheOption()
    {
        using var set = new ParameterSet();
        set.AddRange(("layer0.weight", [7, 11]), ("layer1.bias", [11]), ("layer2.weight", [5, 3, 2]));
        var checkpoint = new Checkpoint(new ModelOptimizer(set, new AdamWOptions { WeightDecay = 0.1 }));
        string path = Path.Combine(AppContext.BaseDirectory, "Golden", "checkpoints", "torch-AdamW-step10.safetensors");
        checkpoint.Invoking(untold => untold.Load(path)).Should().Throw<CheckpointException>().WithMessage("*UpdateCount*");
        CheckpointReport report = checkpoint.Load(path, new() { UpdateCount = 10 });
        report.UpdateCount.Should().Be(10);
        report.Untouched.Should().Equal("options", "groups");
        report.Left.Should().Equal("source");
    }

    [Fact]
    public void FrozenPyTorchParameterHasNoState()
    {
        using var set = new ParameterSet();
        set.AddRange(("a", [2]), ("b", [1]));
        var optimizer = new ModelOptimizer(set, new AdamOptions());
        set["b"].Gradients.Fill(1);
        optimizer.Step();
        using var file = new MemoryStream();
        var writer = new SafetensorsWriter(
            file,
            [new("state.a.exp_avg", SafetensorsType.F32, 2), new("state.a.exp_avg_sq", SafetensorsType.F32, 2), new("state.a.step", SafetensorsType.I64)],
            new Dictionary<string, string> { ["update_count"] = "4" });
        writer.Write<long>("state.a.step", [3]);
        writer.Write<float>("state.a.exp_avg", [1, 2]);
        writer.Write<float>("state.a.exp_avg_sq", [3, 4]);
        writer.Complete();
        CheckpointReport report = CheckpointBytes.Load(new Checkpoint(optimizer) { IncludeParameters = false }, file.ToArray());
        report.UpdateCount.Should().Be(4);
        optimizer.StateOf("a").Iteration.Should().Be(3);
        optimizer.StateOf("b").Iteration.Should().Be(0);
        optimizer.StateOf("b")["exp_avg"].ToArray().Should().Equal(0);
        report.Untouched.Should().Contain("state.b.step");
    }

    private static string Name(JsonElement state) => state.GetProperty("optimizer").GetString()!;

    private static string[] Differences(JsonElement state)
    {
        GoldenProblem problem = GoldenData.Problem(state.GetProperty("problem").GetString()!);
        OptimizerRow row = Catalogue.Optimizers.Single(candidate => candidate.Type.Name == Name(state));
        IOptimizerOptions options = OptionBinder.Record<IOptimizerOptions>(row.Defaults.GetType(), state.GetProperty("options"));
        int step = state.GetProperty("step").GetInt32();
        using var set = new ParameterSet();
        set.AddRange([.. problem.Tensors.Select(tensor => (tensor.Name, tensor.Shape))]);
        var optimizer = new ModelOptimizer(set, options);
        new Checkpoint(optimizer).Load(
            GoldenData.PathOf("checkpoints", state.GetProperty("file").GetString()!),
            new()
            {
                UpdateCount = step,

                // State that PyTorch saves and the library computes.
                Ignore = name => name.EndsWith(".mu_product", StringComparison.Ordinal),
            });
        while (++step <= state.GetProperty("until").GetInt32())
        {
            foreach (Parameter parameter in set)
            {
                problem.Gradient(step, parameter.Name, parameter.Values, 1).CopyTo(parameter.Gradients);
            }

            optimizer.Step();
        }

        return
        [
            .. state.GetProperty("expected").EnumerateObject()
                .Select(tensor => Difference($"{Name(state)}, {tensor.Name}", GoldenCase.Numbers(tensor.Value), set[tensor.Name].Values))
                .OfType<string>(),
        ];
    }

    private static string? Difference(string place, double[] expected, ReadOnlySpan<float> actual)
    {
        double tolerance = 1e-5 * expected.Max(Math.Abs);
        for (int i = 0; i < expected.Length; i++)
        {
            if (!(Math.Abs(actual[i] - expected[i]) <= tolerance))
            {
                return $"{place}[{i}] is {actual[i]:R}, not {expected[i]:R}";
            }
        }

        return null;
    }
}
