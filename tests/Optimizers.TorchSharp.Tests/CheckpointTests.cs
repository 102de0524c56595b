using Optimizers.Schedules;

namespace Optimizers.TorchSharp.Tests;

/// <summary>Saved and resumed runs over modules.</summary>
public sealed class CheckpointTests
{
    private const int Half = 50;

    /// <summary>A run with everything that has state, in a new module.</summary>
    private sealed class Run : IDisposable
    {
        private readonly Network _module;
        private readonly GradientAccumulator _accumulator;
        private readonly ExponentialMovingAverage _average;

        public Run(int seed, bool freezes = false)
        {
            _module = Networks.Cnn(seed, dropout: 0.4);
            if (freezes)
            {
                _module.get_parameter("first.weight")!.requires_grad = false;
            }

            Optimizer = new ModuleOptimizer(
                _module,
                [
                    new ParameterGroup(new MuonOptions { LearningRate = 0.01 })
                    {
                        Where = parameter => parameter.Shape.Count == 2, MomentumSchedule = new Linear(0.85, 0.95, 60),
                    },
                    new ParameterGroup(new AdamWOptions { WeightDecay = 0.1 }),
                ],
                new ModelOptimizerOptions
                {
                    Schedule = new WarmupCosine(0.01, 20, 100),
                    Clip = new ClipByGlobalNorm { MaximumNorm = 1 },
                    LossScaler = new LossScaler(new LossScalerOptions { InitialScale = 2, GrowthInterval = 7 }),
                });
            _accumulator = new GradientAccumulator(Optimizer, new GradientAccumulatorOptions { MicroBatches = 2 });
            _average = new ExponentialMovingAverage(Optimizer.Parameters, new ExponentialMovingAverageOptions { Decay = 0.95 });
            Checkpoint = Optimizer.CreateCheckpoint();
            Checkpoint.Add("average", _average);
            Checkpoint.Add("accumulator", _accumulator);
        }

        public ModuleOptimizer Optimizer { get; }

        public Checkpoint Checkpoint { get; }

        public float[] Numbers => [.. _module.AllValues(), .. Optimizer.Parameters.SelectMany(parameter => _average[parameter.Name].ToArray())];

        public Network Module => _module;

        /// <summary>Trains with an odd number of micro-batches before the file is written, so it holds an accumulated gradient.</summary>
        public void Train(int first, int end)
        {
            for (int step = first; step < end; step++)
            {
                for (int micro = step == first && first > 0 ? 1 : 0; micro < 2; micro++)
                {
                    Micro((2 * step) + micro);
                }
            }

            if (end == Half)
            {
                Micro(2 * end);
            }
        }

        private void Micro(int batch)
        {
            Networks.Backward(_module, batch);
            _average.Update(_accumulator.Step());
        }

        public void Dispose()
        {
            Optimizer.Dispose();
            _module.Dispose();
        }
    }

    [TorchTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void ResumedRunHasTheBitsOfTheUninterruptedOne(bool freezes)
    {
        using var folder = new TemporaryFolder();
        float[] uninterrupted;
        using (var run = new Run(seed: 1, freezes))
        {
            run.Train(0, Half);
            run.Checkpoint.Save(folder["run"]).NotSaved.Should().BeEmpty();
            run.Train(Half, 2 * Half);
            run.Optimizer.UpdateCount.Should().Be(2 * Half);
            uninterrupted = run.Numbers;
        }

        using var resumed = new Run(seed: 99, freezes);
        // The state of the generator must come from the file.
        torch.manual_seed(12345);
        resumed.Checkpoint.Load(folder["run"]);
        resumed.Train(Half, 2 * Half);
        resumed.Numbers.ShouldHaveTheBitsOf(uninterrupted, "resumed");
    }

    /// <summary>The test above would pass without a generator if dropout drew nothing.</summary>
    [TorchFact]
    public void WithoutTheGeneratorTheRunDiffers()
    {
        using var folder = new TemporaryFolder();
        using Network one = Networks.Cnn(1, dropout: 0.4), other = Networks.Cnn(2, dropout: 0.4);
        using ModuleOptimizer ofOne = new(one, new AdamWOptions()), ofOther = new(other, new AdamWOptions());
        ofOne.CreateCheckpoint(includeGenerator: false).Save(folder["run"]);
        Networks.Backward(one, 0);
        ofOne.Step();
        ofOther.CreateCheckpoint(includeGenerator: false).Load(folder["run"]);
        Networks.Backward(other, 0);
        ofOther.Step();
        other.AllValues().AsSpan().SequenceEqual(one.AllValues()).Should().BeFalse();
    }

    [TorchFact]
    public void RunWithoutAStepCanBeSavedAndLoaded()
    {
        using var folder = new TemporaryFolder();
        using Network one = Networks.Cnn(1), other = Networks.Cnn(2);
        using ModuleOptimizer ofOne = new(one, new AdamWOptions()), ofOther = new(other, new AdamWOptions());
        ofOne.CreateCheckpoint().Save(folder["run"]);
        ofOther.CreateCheckpoint().Load(folder["run"]).UpdateCount.Should().Be(0);
        other.AllValues().ShouldHaveTheBitsOf(one.AllValues(), "values");
    }

    /// <summary>A module with a frozen layer that is random needs its values too.</summary>
    [TorchFact]
    public void FrozenParametersAreSaved()
    {
        using var folder = new TemporaryFolder();
        using Parts one = WithFrozen(1, torch.ScalarType.Float32), other = WithFrozen(2, torch.ScalarType.Float32);
        using ModuleOptimizer ofOne = new(one, new SgdOptions()), ofOther = new(other, new SgdOptions());
        ofOne.CreateCheckpoint().Save(folder["run"]);
        Names(folder["run"]).Should().Contain(["parameters.0.weight", "parameters.0.bias", "parameters.1.w"]);
        ofOther.CreateCheckpoint().Load(folder["run"]);
        other.AllValues().ShouldHaveTheBitsOf(one.AllValues(), "values");
    }

    [TorchFact]
    public void FrozenParametersMayHaveAnotherType()
    {
        using var folder = new TemporaryFolder();
        using Parts one = WithFrozen(1, torch.ScalarType.BFloat16), other = WithFrozen(2, torch.ScalarType.BFloat16);
        using ModuleOptimizer ofOne = new(one, new SgdOptions()), ofOther = new(other, new SgdOptions());
        ofOne.CreateCheckpoint().Save(folder["run"]);
        ofOther.CreateCheckpoint().Load(folder["run"]);
        other.get_parameter("0.weight")!.to(torch.float32).Values().Should().Equal(one.get_parameter("0.weight")!.to(torch.float32).Values());
    }

    private static Parts WithFrozen(int seed, torch.ScalarType type)
    {
        torch.manual_seed(seed);
        Network frozen = torch.nn.Linear(3, 2);
        frozen.to(type);
        foreach (TorchParameter parameter in frozen.parameters())
        {
            parameter.requires_grad = false;
        }

        return new Parts(frozen, new OneParameter(torch.randn(4)));
    }

    public static TheoryData<string> Types =>
        ["Float32", "Float64", "Float16", "BFloat16", "Int64", "Int32", "Int16", "Int8", "Byte", "Bool"];

    [TorchTheory]
    [MemberData(nameof(Types))]
    public void BufferOfAnyTypeIsRestored(string name)
    {
        torch.ScalarType type = Enum.Parse<torch.ScalarType>(name);
        using var folder = new TemporaryFolder();
        using OneParameter one = Networks.One(1), other = Networks.One(2);
        using Tensor saved = torch.tensor([0f, 1, 0, 1, 1, 3]).reshape(2, 3).to(type), target = torch.zeros(2, 3).to(type), scalar = torch.tensor(1f).to(type);
        using Parts ofOne = new(one), ofOther = new(other);
        ofOne.AddBuffer("values", saved);
        ofOne.AddBuffer("scalar", scalar);
        ofOther.AddBuffer("values", target);
        ofOther.AddBuffer("scalar", torch.zeros(1).to(type).squeeze(0));
        using ModuleOptimizer saving = new(ofOne, new SgdOptions()), loading = new(ofOther, new SgdOptions());
        saving.CreateCheckpoint().Save(folder["run"]);
        loading.CreateCheckpoint().Load(folder["run"]);
        target.bytes.ToArray().Should().Equal(saved.bytes.ToArray());
        target.bytes.ToArray().Should().Contain(value => value != 0);
        ofOther.get_buffer("scalar")!.bytes.ToArray().Should().Equal(scalar.bytes.ToArray());
    }

    [TorchFact]
    public void BufferThatCannotBeStoredIsNamed()
    {
        using var folder = new TemporaryFolder();
        using var module = new Parts(Networks.One(1));
        module.AddBuffer("waves", torch.zeros(2, dtype: torch.complex64));
        using var optimizer = new ModuleOptimizer(module, new SgdOptions());
        optimizer.CreateCheckpoint().Invoking(checkpoint => checkpoint.Save(folder["run"])).Should().Throw<InvalidOperationException>()
            .WithMessage("The buffer \"waves\" of the module has the type ComplexFloat32, which a checkpoint cannot store.*");
        folder.Names.Should().BeEmpty();
    }

    /// <summary>As state_dict: a buffer that is not persistent is computed anew.</summary>
    [TorchFact]
    public void BufferThatIsNotPersistentIsLeftOut()
    {
        using var folder = new TemporaryFolder();
        using var module = new Parts(Networks.One(1));
        module.AddBuffer("waves", torch.zeros(2, dtype: torch.complex64), persistent: false);
        module.AddBuffer("kept", torch.zeros(2));
        using var optimizer = new ModuleOptimizer(module, new SgdOptions());
        optimizer.CreateCheckpoint().Save(folder["run"]);
        Names(folder["run"]).Should().Contain("buffers.kept").And.NotContain("buffers.waves");
    }

    public static TheoryData<string, string> Mismatches => new()
    {
        { "parameter of another shape", "*parameters.0.w*" },
        { "missing buffer", "*buffers.extra*" },
        { "further buffer", "*buffers.extra*" },
        { "buffer of another shape", "*buffers.kept*" },
        { "buffer of another type", "*buffers.kept*" },
        { "frozen parameter missing", "*parameters.frozen*" },
    };

    /// <summary>Everything is compared before anything changes.</summary>
    [TorchTheory]
    [MemberData(nameof(Mismatches))]
    public void FileThatDoesNotFitChangesNothing(string kind, string message)
    {
        using var folder = new TemporaryFolder();
        using Parts saved = new(Networks.One(1, 2)), module = new(kind == "parameter of another shape" ? Networks.One(1, 2, 3) : Networks.One(5, 6));
        saved.AddBuffer("kept", torch.tensor([3f, 4]));
        module.AddBuffer("kept", kind switch
        {
            "buffer of another shape" => torch.zeros(3),
            "buffer of another type" => torch.zeros(2, torch.ScalarType.Float64),
            _ => torch.zeros(2),
        });
        if (kind == "missing buffer")
        {
            module.AddBuffer("extra", torch.zeros(2));
        }
        else if (kind == "further buffer")
        {
            saved.AddBuffer("extra", torch.zeros(2));
        }
        else if (kind == "frozen parameter missing")
        {
            module.AddParameter("frozen", new TorchParameter(torch.zeros(2), requires_grad: false));
        }

        using ModuleOptimizer saving = new(saved, new AdamOptions()), loading = new(module, new AdamOptions());
        saved.parameters().First().sum().backward();
        saving.Step();
        saving.CreateCheckpoint().Save(folder["run"]);
        torch.manual_seed(4);
        byte[] generator = torch.random.get_rng_state().bytes.ToArray();
        float[] before = module.AllValues();
        loading.CreateCheckpoint().Invoking(checkpoint => checkpoint.Load(folder["run"])).Should().Throw<CheckpointException>().WithMessage(message);
        module.AllValues().ShouldHaveTheBitsOf(before, "values");
        loading.UpdateCount.Should().Be(0);
        torch.random.get_rng_state().bytes.ToArray().Should().Equal(generator);
    }

    /// <summary>A checkpoint object stays valid when .to replaces buffers and parameters.</summary>
    [TorchFact]
    public void CheckpointFollowsReplacedTensors()
    {
        using var folder = new TemporaryFolder();
        using Network module = Networks.Cnn();
        using var optimizer = new ModuleOptimizer(module, new SgdOptions { LearningRate = 0.1 });
        Checkpoint checkpoint = optimizer.CreateCheckpoint();
        Networks.Backward(module, 0);
        optimizer.Step();
        module.to(torch.float64);
        module.to(torch.float32);
        checkpoint.Save(folder["run"]);
        float[] saved = module.AllValues();
        Networks.Backward(module, 1);
        optimizer.Step();
        checkpoint.Load(folder["run"]);
        module.AllValues().ShouldHaveTheBitsOf(saved, "values");
    }

    private static IReadOnlyList<string> Names(string path)
    {
        using var reader = SafetensorsReader.Open(path);
        return [.. reader.Tensors.Select(tensor => tensor.Name)];
    }
}
