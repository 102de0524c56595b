using System.Text;
using global::TorchSharp.Modules;

namespace Optimizers.TorchSharp.Tests;

/// <summary>What happens when a module's parameters are converted, loaded or replaced while an optimizer trains them.</summary>
public sealed class ReplacedParameterTests
{
    private static readonly AdamWOptions _adamW = new() { LearningRate = 0.01, WeightDecay = 0.1 };

    public static TheoryData<string> Modules => ["linear", "cnn", "embedding", "bag", "lstm", "attention", "norm", "custom"];

    private static (TorchModule Module, Func<Tensor> Loss) Make(string kind)
    {
        torch.manual_seed(5);
        Tensor x = torch.tensor(Draw.Floats(1, 2 * 36)).reshape(2, 36);
        switch (kind)
        {
            case "linear":
                Network mlp = Networks.Mlp();
                return (mlp, () => mlp.call(x).square().sum());
            case "cnn":
                Network cnn = Networks.Cnn();
                return (cnn, () => cnn.call(x).square().sum());
            case "embedding":
                var embedding = torch.nn.Embedding(5, 3);
                return (embedding, () => embedding.call(torch.tensor([1L, 1, 4])).square().sum());
            case "bag":
                var bag = torch.nn.EmbeddingBag(5, 3);
                return (bag, () => bag.call(torch.tensor([1L, 1, 4]), torch.tensor([0L, 2]), null!).square().sum());
            case "lstm":
                var lstm = torch.nn.LSTM(36, 4);
                return (lstm, () => lstm.call(x.unsqueeze(0)).Item1.square().sum());
            case "attention":
                var layer = torch.nn.TransformerEncoderLayer(36, 2, 8, 0);
                return (layer, () => layer.call(x.unsqueeze(0), null!, null!).square().sum());
            case "norm":
                var norm = torch.nn.LayerNorm(36);
                return (norm, () => norm.call(x).square().sum());
            default:
                var one = new OneParameter(torch.tensor([1f, 2f, 3f]));
                return (one, () => one.w.square().sum());
        }
    }

    private static void Train(Func<Tensor> loss, ModuleOptimizer optimizer, int steps)
    {
        for (int step = 0; step < steps; step++)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            loss().backward();
            optimizer.Step().Applied.Should().BeTrue();
        }
    }

    /// <summary>To float64 and back changes no bit, so the run must not change either.</summary>
    [TorchTheory]
    [MemberData(nameof(Modules))]
    public void RunContinuesAfterAConversionThereAndBack(string kind)
    {
        (TorchModule module, Func<Tensor> loss) = Make(kind);
        (TorchModule plain, Func<Tensor> lossOfPlain) = Make(kind);
        using ModuleOptimizer optimizer = new(module, _adamW), ofPlain = new(plain, _adamW);
        Train(loss, optimizer, 3);
        Train(lossOfPlain, ofPlain, 3);
        module.to(torch.float64);
        module.to(torch.float32);
        Train(loss, optimizer, 3);
        Train(lossOfPlain, ofPlain, 3);

        module.AllValues().ShouldHaveTheBitsOf(plain.AllValues(), kind);
        module.Dispose();
        plain.Dispose();
    }

    /// <summary>The old tensors train nothing, so a step must not pass in silence.</summary>
    [TorchTheory]
    [MemberData(nameof(Modules))]
    public void ConversionToFloat64IsRefusedByName(string kind)
    {
        (TorchModule module, Func<Tensor> loss) = Make(kind);
        using var optimizer = new ModuleOptimizer(module, _adamW);
        Train(loss, optimizer, 2);
        module.to(torch.float64);
        string name = module.named_parameters().First().name;
        optimizer.Invoking(refusing => refusing.Step()).Should().Throw<InvalidOperationException>()
            .WithMessage($"*\"{name}\"*Float64*convert it with .to(torch.float32).");
        optimizer.UpdateCount.Should().Be(2);
        module.to(torch.float32);
        Train(loss, optimizer, 1);
        module.Dispose();
    }

    /// <summary>Gradients that were computed before the conversion are converted too, and used.</summary>
    [TorchFact]
    public void GradientSurvivesAConversion()
    {
        using OneParameter module = Networks.One(1, 2);
        using var optimizer = new ModuleOptimizer(module, new SgdOptions { LearningRate = 1 });
        module.w.sum().backward();
        module.to(torch.float64);
        module.to(torch.float32);
        optimizer.Step();
        module.w.Values().Should().Equal(0, 1);
    }

    [TorchFact]
    public void ConversionToTheSameTypeKeepsTheMemory()
    {
        using Network module = Networks.Mlp();
        using var optimizer = new ModuleOptimizer(module, _adamW);
        Networks.Backward(module, 0);
        optimizer.Step();
        TorchParameter before = module.parameters().First();
        module.to(torch.float32);
        module.cpu();
        module.parameters().First().Handle.Should().Be(before.Handle);
        Networks.Backward(module, 1);
        optimizer.Step();
        optimizer.Parameters[0].Values.ToArray().Should().Equal(module.parameters().First().Values());
    }

    [TorchTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void LoadedWeightsAreTrained(bool fromStream)
    {
        using Network module = Networks.Mlp(seed: 1), other = Networks.Mlp(seed: 2);
        using var optimizer = new ModuleOptimizer(module, _adamW);
        Networks.Backward(module, 0);
        optimizer.Step();
        if (fromStream)
        {
            using var stream = new MemoryStream();
            using (var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true))
            {
                other.save(writer);
            }

            stream.Position = 0;
            module.load(stream);
        }
        else
        {
            module.load_state_dict(other.state_dict());
        }

        float[] loaded = other.AllValues();
        module.AllValues().ShouldHaveTheBitsOf(loaded, "loaded");
        Networks.Backward(module, 1);
        optimizer.Step();
        float[] trained = module.AllValues();
        float largest = trained.Zip(loaded, (now, before) => Math.Abs(now - before)).Max();
        largest.Should().BeInRange(1e-4f, 0.03f, "a step moves loaded weights a little");
        optimizer.Parameters.SelectMany(parameter => parameter.Values.ToArray()).ToArray().ShouldHaveTheBitsOf(trained, "views");
    }

    [TorchFact]
    public void AssignedWeightIsTrained()
    {
        using Linear linear = torch.nn.Linear(2, 1, hasBias: false);
        using var optimizer = new ModuleOptimizer(linear, new SgdOptions { LearningRate = 1 });
        linear.weight = new TorchParameter(torch.tensor([5f, 6f]).reshape(1, 2));
        linear.call(torch.ones(1, 2)).sum().backward();
        optimizer.Step();
        linear.weight.Values().Should().Equal(4, 5);
    }

    [TorchFact]
    public void AssignedWeightOfAnotherShapeIsRefused()
    {
        using Linear linear = torch.nn.Linear(2, 1, hasBias: false);
        using var optimizer = new ModuleOptimizer(linear, new SgdOptions { LearningRate = 1 });
        linear.weight = new TorchParameter(torch.zeros(1, 3));
        optimizer.Invoking(refusing => refusing.Step()).Should().Throw<InvalidOperationException>()
            .WithMessage("The parameter \"weight\" of the module had the shape [1, 2] and has now [1, 3]. Create a new ModuleOptimizer.*");
    }

    [TorchFact]
    public void AddNewParametersAfterAConversionAddsNothing()
    {
        using Network module = Networks.Mlp();
        using var optimizer = new ModuleOptimizer(module, _adamW);
        module.to(torch.float64);
        module.to(torch.float32);
        optimizer.AddNewParameters().Should().Be(0);
        Networks.Backward(module, 0);
        optimizer.Step().Updated.Should().Be(4);
        optimizer.Parameters[0].Values.ToArray().Should().Equal(module.parameters().First().Values());
    }

    /// <summary>A conversion unties weights: there are two parameters then, and one of them would not be trained.</summary>
    [TorchFact]
    public void WeightsThatAConversionUntiesAreReported()
    {
        using OneParameter first = Networks.One(1, 2);
        using var module = new Parts(first);
        using OneParameter second = new(first.w.detach());
        module.Add("second", second);
        using var optimizer = new ModuleOptimizer(module, _adamW);
        for (int step = 0; step < 3; step++)
        {
            first.w.sum().backward();
            optimizer.Step().Updated.Should().Be(1);
        }

        module.to(torch.float64);
        module.to(torch.float32);
        (first.w.sum() + second.w.sum()).backward();
        optimizer.Invoking(refusing => refusing.Step()).Should().Throw<InvalidOperationException>().WithMessage("*\"second.w\"*AddNewParameters*");
    }

    [TorchFact]
    public void OtherTypeIsRefusedByTheConstructor()
    {
        using Network module = Networks.Mlp();
        module.to(torch.float64);
        Action create = () => _ = new ModuleOptimizer(module, _adamW);
        create.Should().Throw<ArgumentException>().WithMessage(
            "The parameter \"hidden.weight\" of the module has the type Float64. Only tensors of the types Float32, BFloat16 and Float16 can be used in place: convert it with .to(torch.float32).*");
    }

    [TorchFact]
    public void TransposedParameterIsRefused()
    {
        using OneParameter module = new(torch.zeros(2, 3).t());
        Action create = () => _ = new ModuleOptimizer(module, _adamW);
        create.Should().Throw<ArgumentException>().WithMessage("The parameter \"w\" of the module with the shape [3, 2] is not contiguous.*.contiguous().*");
    }

    [TorchTheory]
    [InlineData("linear")]
    [InlineData("embedding")]
    public void OtherDeviceIsRefused(string kind)
    {
        torch.Device meta = torch.device("meta");
        using TorchModule module = kind == "linear" ? torch.nn.Linear(2, 2, device: meta) : new OneParameter(torch.zeros(3, device: meta));
        Action create = () => _ = new ModuleOptimizer(module, _adamW);
        create.Should().Throw<ArgumentException>().WithMessage("The parameter \"w*\" of the module is on the device meta.*.to(torch.CPU).*");
    }

    /// <summary>A refused module keeps nothing and can be used after it has been converted.</summary>
    [TorchFact]
    public void RefusedModuleCanBeConverted()
    {
        using Network module = Networks.Mlp();
        module.to(torch.float64);
        Action create = () => _ = new ModuleOptimizer(module, _adamW);
        create.Should().Throw<ArgumentException>();
        module.to(torch.float32);
        using var optimizer = new ModuleOptimizer(module, _adamW);
        Networks.Backward(module, 0);
        optimizer.Step().Updated.Should().Be(4);
    }
}
