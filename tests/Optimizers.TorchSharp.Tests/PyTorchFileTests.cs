using System.Text.Json;

namespace Optimizers.TorchSharp.Tests;

/// <summary>Files of PyTorch, in the names that docs/torch_checkpoint.py writes and reads.</summary>
public sealed class PyTorchFileTests
{
    private static readonly Dictionary<string, IOptimizerOptions> _options = new()
    {
        ["Momentum"] = new MomentumOptions { LearningRate = 0.01, Momentum = 0.9 },
        ["AdaGrad"] = new AdaGradOptions { LearningRate = 0.01 },
        ["RmsProp"] = new RmsPropOptions { LearningRate = 0.01, Momentum = 0.9, Centered = true },
        ["AdaDelta"] = new AdaDeltaOptions(),
        ["Adam"] = new AdamOptions { AmsGrad = true },
        ["AdamW"] = new AdamWOptions { WeightDecay = 0.1 },
        ["Adamax"] = new AdamaxOptions(),
        ["NAdam"] = new NAdamOptions(),
        ["RAdam"] = new RAdamOptions(),
    };

    private static JsonElement StateOf(string optimizer) => JsonElement.Parse(File.ReadAllBytes(GoldenData.PathOf("checkpoints", "states.json")))
        .EnumerateArray().Single(state => state.GetProperty("optimizer").GetString() == optimizer);

    public static TheoryData<string> Optimizers => [.. _options.Keys];

    [TorchFact]
    public void EveryRecordedOptimizerIsTested() => JsonElement.Parse(File.ReadAllBytes(GoldenData.PathOf("checkpoints", "states.json")))
        .EnumerateArray().Select(state => state.GetProperty("optimizer").GetString()).Should().BeEquivalentTo(_options.Keys);

    /// <summary>A module with the parameter names of the recorded run continues it, and gets PyTorch's numbers.</summary>
    [TorchTheory]
    [MemberData(nameof(Optimizers))]
    public void RecordedRunContinues(string name)
    {
        JsonElement state = StateOf(name);
        GoldenProblem problem = GoldenData.Problem(state.GetProperty("problem").GetString()!);
        using Parts module = ModuleOf(problem);
        using var optimizer = new ModuleOptimizer(module, _options[name]);
        int step = state.GetProperty("step").GetInt32();
        CheckpointReport report = optimizer.CreateCheckpoint(includeGenerator: false).Load(
            GoldenData.PathOf("checkpoints", state.GetProperty("file").GetString()!),
            new() { UpdateCount = step, Ignore = tensor => tensor.EndsWith(".mu_product", StringComparison.Ordinal) });
        report.UpdateCount.Should().Be(step);
        while (++step <= state.GetProperty("until").GetInt32())
        {
            foreach ((string parameterName, TorchParameter parameter) in module.named_parameters())
            {
                float[]? gradient = problem.Gradient(step, parameterName, [], 1);
                using Tensor? tensor = gradient is null ? null : torch.tensor(gradient).reshape(parameter.shape);
                parameter.grad = tensor;
            }

            optimizer.Step().Applied.Should().BeTrue();
        }

        foreach (JsonProperty tensor in state.GetProperty("expected").EnumerateObject())
        {
            double[] expected = GoldenCase.Numbers(tensor.Value);
            float[] actual = module.get_parameter(tensor.Name)!.Values();
            actual.Should().HaveSameCount(expected);
            double tolerance = 1e-5 * expected.Max(Math.Abs);
            expected.Zip(actual, (one, other) => Math.Abs(one - other)).Max().Should().BeLessThanOrEqualTo(tolerance, tensor.Name);
        }
    }

    /// <summary>The script reads parameters.NAME for each parameter of the module, and state.NAME.SLOT with PyTorch's slots.</summary>
    [TorchFact]
    public void SavedFileHasTheNamesThatTheScriptReads()
    {
        JsonElement state = StateOf("AdamW");
        GoldenProblem problem = GoldenData.Problem(state.GetProperty("problem").GetString()!);
        using Parts module = ModuleOf(problem);
        using var optimizer = new ModuleOptimizer(module, _options["AdamW"]);
        using var folder = new TemporaryFolder();
        foreach (TorchParameter parameter in module.parameters())
        {
            parameter.grad = torch.ones_like(parameter);
        }

        optimizer.Step();
        optimizer.CreateCheckpoint().Save(folder["ours"]);
        using var ours = SafetensorsReader.Open(folder["ours"]);
        using var theirs = SafetensorsReader.Open(GoldenData.PathOf("checkpoints", state.GetProperty("file").GetString()!));
        Dictionary<string, string> written = Contents(ours), read = Contents(theirs);
        read.Should().NotBeEmpty();
        written.Where(pair => pair.Key.StartsWith("parameters.", StringComparison.Ordinal) || pair.Key.StartsWith("state.", StringComparison.Ordinal))
            .Should().BeEquivalentTo(read);
    }

    /// <summary>A frozen parameter is among the module's parameters in Python, and has no state there.</summary>
    [TorchFact]
    public void FrozenParameterHasItsValuesOnly()
    {
        using var module = new Parts(Networks.One(1, 2));
        module.AddParameter("frozen", new TorchParameter(torch.tensor([3f, 4]), requires_grad: false));
        using var optimizer = new ModuleOptimizer(module, new AdamWOptions());
        using var folder = new TemporaryFolder();
        optimizer.CreateCheckpoint().Save(folder["ours"]);
        using var ours = SafetensorsReader.Open(folder["ours"]);
        Contents(ours).Keys.Where(name => name.Contains("frozen", StringComparison.Ordinal)).Should().Equal("parameters.frozen");
    }

    private static Dictionary<string, string> Contents(SafetensorsReader file) => file.Tensors.ToDictionary(
        tensor => tensor.Name, tensor => $"{tensor.Type} [{string.Join(", ", tensor.Shape)}]");

    // "layer0.weight" is the parameter weight of the module layer0.
    private static Parts ModuleOf(GoldenProblem problem)
    {
        var module = new Parts();
        foreach (IGrouping<string, GoldenTensor> layer in problem.Tensors.GroupBy(tensor => tensor.Name.Split('.')[0]))
        {
            var part = new Parts();
            foreach (GoldenTensor tensor in layer)
            {
                using Tensor values = torch.tensor(tensor.Initial);
                long[] shape = [.. tensor.Shape.Select(length => (long)length)];
                part.AddParameter(tensor.Name.Split('.')[1], new TorchParameter(values.reshape(shape)));
            }

            module.Add(layer.Key, part);
        }

        return module;
    }
}
