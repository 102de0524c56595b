using System.Runtime.InteropServices;
using global::TorchSharp.Modules;

namespace Optimizers.TorchSharp.Tests;

/// <summary>
/// Modules in bfloat16 and half. <see cref="SameBitsAsByHand"/> compares their master copies with a set in float32; the tests here cover
/// the rest.
/// </summary>
public sealed class SixteenBitModuleTests
{
    private static readonly AdamWOptions _adamW = new() { LearningRate = 0.01, WeightDecay = 0.1 };

    public static TheoryData<string> Types => ["BFloat16", "Float16"];

    public static TheoryData<string, UpdatePrecision> Precisions()
    {
        var cases = new TheoryData<string, UpdatePrecision>();
        foreach (string type in new[] { "BFloat16", "Float16" })
        {
            foreach (UpdatePrecision precision in Enum.GetValues<UpdatePrecision>())
            {
                cases.Add(type, precision);
            }
        }

        return cases;
    }

    private static torch.ScalarType TypeOf(string type) => Enum.Parse<torch.ScalarType>(type);

    private static NumberFormat FormatOf(string type) => type == "BFloat16" ? NumberFormat.BFloat16 : NumberFormat.Half;

    private static OneParameter One(string type, params float[] values) => new(torch.tensor(values).to(TypeOf(type)));

    private static float[] ValuesOf(Parameter parameter)
    {
        var values = new float[parameter.Length];
        parameter.CopyValuesTo(values);
        return values;
    }

    private static float[] RoundAll(NumberFormat format, float[] values) =>
        [.. values.Select(value => format == NumberFormat.Half ? (float)(Half)value : BFloat16.Round(value).ToSingle())];

    /// <summary>A set of its own memory, in the formats of a module, that gets the same gradients.</summary>
    private static ParameterSet SetLike(Network module, UpdatePrecision precision)
    {
        var set = new ParameterSet();
        foreach ((string name, TorchParameter parameter) in module.named_parameters())
        {
            NumberFormat format = TensorMemory.FormatOf(parameter.dtype)!.Value;
            set.Format = new() { Values = format, Gradients = format, UpdatePrecision = precision };
            set.Add(name, [.. parameter.shape.Select(length => (int)length)]).CopyValuesFrom(parameter.Values());
        }

        return set;
    }

    [TorchTheory]
    [MemberData(nameof(Precisions))]
    public void EveryUpdatePrecisionHasTheBitsOfASet(string type, UpdatePrecision precision)
    {
        using Network module = Networks.Of("cnn", TypeOf(type));
        using ParameterSet set = SetLike(module, precision);
        using var optimizer = new ModuleOptimizer(module, _adamW, moduleOptions: new ModuleOptions { UpdatePrecision = precision });
        var model = new ModelOptimizer(set, _adamW);
        for (int step = 0; step < 5; step++)
        {
            Networks.Backward(module, step);
            foreach ((string name, TorchParameter parameter) in module.named_parameters())
            {
                set[name].CopyGradientsFrom(parameter.Gradient()!);
            }

            optimizer.Step().GradientNorm.Should().Be(model.Step().GradientNorm);
            foreach ((string name, TorchParameter parameter) in module.named_parameters())
            {
                ValuesOf(optimizer.Parameters[name]).ShouldHaveTheBitsOf(ValuesOf(set[name]), $"{name} after step {step}");
                optimizer.Parameters[name].Format.Should().Be(set[name].Format with { Gradients = NumberFormat.Float32 }, "there is no gradient between steps");
                if (precision == UpdatePrecision.MasterCopy)
                {
                    parameter.Values().ShouldHaveTheBitsOf(RoundAll(FormatOf(type), ValuesOf(set[name])), "torch's values");
                }
            }
        }
    }

    [TorchTheory]
    [MemberData(nameof(Types))]
    public void UpdatesBelowTheSpacingAreKept(string type)
    {
        foreach (UpdatePrecision precision in Enum.GetValues<UpdatePrecision>())
        {
            using OneParameter module = new(torch.ones(2_000).to(TypeOf(type)));
            using var optimizer = new ModuleOptimizer(module, new SgdOptions { LearningRate = 1e-4 }, moduleOptions: new() { UpdatePrecision = precision });
            for (int step = 0; step < 500; step++)
            {
                module.w.sum().backward();
                optimizer.Step();
            }

            module.w.Values().Average().Should().BeApproximately(0.95f, 0.003f, $"{precision}");
        }
    }

    /// <summary>Gradients that are zeroed in place have not been copied.</summary>
    [TorchTheory]
    [MemberData(nameof(Types))]
    public unsafe void GradientsAreReadWhereTorchHasThem(string type)
    {
        using OneParameter module = One(type, 1, 2);
        using var optimizer = new ModuleOptimizer(module, new SgdOptions { LearningRate = 0.5 }, new ModelOptimizerOptions { ZeroGradients = true });
        module.w.sum().backward();
        using Tensor gradient = module.w.grad!;
        gradient.dtype.Should().Be(TypeOf(type));
        void* address = TorchNative.Data(gradient.Handle);
        optimizer.Step();
        gradient.Values().Should().Equal(0, 0);
        module.w.sum().backward();
        using Tensor second = module.w.grad!;
        ((nint)TorchNative.Data(second.Handle)).Should().Be((nint)address);
        optimizer.Step();
        module.w.Values().Should().Equal(0, 1);
    }

    [TorchTheory]
    [MemberData(nameof(Types))]
    public void NormsMayStayInFloat32(string type)
    {
        var norm = torch.nn.LayerNorm(8);
        Linear first = torch.nn.Linear(8, 8), last = torch.nn.Linear(8, 1);
        using var module = new Mixed(first, norm, last);
        first.to(TypeOf(type));
        last.to(TypeOf(type));
        using var floats = new ParameterSet();
        foreach ((string name, TorchParameter parameter) in module.named_parameters())
        {
            floats.Add(name, [.. parameter.shape.Select(length => (int)length)]).CopyValuesFrom(parameter.Values());
        }

        var options = new ModelOptimizerOptions { Clip = new ClipByGlobalNorm { MaximumNorm = 0.5 } };
        using var optimizer = new ModuleOptimizer(module, _adamW, options);
        var model = new ModelOptimizer(floats, _adamW, options);
        for (int step = 0; step < 5; step++)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            module.call(torch.tensor(Draw.Floats(step, 32)).reshape(4, 8).to(TypeOf(type))).square().mean().backward();
            foreach ((string name, TorchParameter parameter) in module.named_parameters())
            {
                floats[name].CopyGradientsFrom(parameter.Gradient()!);
            }

            optimizer.Step();
            model.Step();
        }

        optimizer.Parameters.Select(parameter => parameter.Format.Values).Should().Equal(
            FormatOf(type), FormatOf(type), NumberFormat.Float32, NumberFormat.Float32, FormatOf(type), FormatOf(type));
        foreach (Parameter parameter in floats)
        {
            ValuesOf(optimizer.Parameters[parameter.Name]).ShouldHaveTheBitsOf(ValuesOf(parameter), parameter.Name);
        }
    }

    private sealed class Mixed : Network
    {
        private readonly Linear _first, _last;
        private readonly LayerNorm _norm;

        public Mixed(Linear first, LayerNorm norm, Linear last)
            : base("mixed")
        {
            (_first, _norm, _last) = (first, norm, last);
            register_module("first", first);
            register_module("norm", norm);
            register_module("last", last);
        }

        public override Tensor forward(Tensor input) =>
            _last.call(_norm.call(_first.call(input).to(torch.float32)).to(input.dtype));
    }

    [TorchTheory]
    [InlineData("same object")]
    [InlineData("same storage")]
    public void TiedWeightMovesOnce(string kind)
    {
        using OneParameter first = One("BFloat16", 1, 2);
        using var tied = new Parts(first);
        TorchParameter shared = kind == "same object" ? first.w : new TorchParameter(first.w.detach());
        tied.AddParameter("tied", shared);
        using var optimizer = new ModuleOptimizer(tied, new SgdOptions { LearningRate = 0.5 });
        optimizer.Parameters.Should().ContainSingle();
        (first.w.sum() + shared.sum()).backward();
        optimizer.Step();
        first.w.Values().Should().Equal(0, 1);
        shared.Values().Should().Equal(0, 1);
    }

    [TorchFact]
    public void ParameterWithoutGradientRests()
    {
        using var module = new Parts(One("BFloat16", 1, 2), One("BFloat16", 3, 4));
        using var optimizer = new ModuleOptimizer(module, _adamW);
        module.get_parameter("0.w")!.sum().backward();
        optimizer.Step().WithoutGradient.Should().Be(1);
        module.get_parameter("1.w")!.Values().Should().Equal(3, 4);
    }

    [TorchFact]
    public void ThawedParameterIsAdded()
    {
        using var module = new Parts(One("BFloat16", 1), new OneParameter(torch.tensor([2f]).to(torch.bfloat16), requiresGradient: false));
        using var optimizer = new ModuleOptimizer(module, new SgdOptions { LearningRate = 1 });
        TorchParameter frozen = module.get_parameter("1.w")!;
        frozen.requires_grad = true;
        (module.get_parameter("0.w")! + frozen).sum().backward();
        optimizer.Step().Updated.Should().Be(2);
        frozen.Values().Should().Equal(1);
        optimizer.Parameters["1.w"].Format.Values.Should().Be(NumberFormat.BFloat16);
    }

    public static TheoryData<string, bool> Lookups => new() { { "BFloat16", false }, { "BFloat16", true }, { "Float16", false }, { "Float16", true } };

    /// <summary>The row gradients are converted to floats, and repeated rows are added as floats.</summary>
    [TorchTheory]
    [MemberData(nameof(Lookups))]
    public void SparseEmbeddingIsUpdatedByRows(string type, bool bag)
    {
        using Tensor table = torch.tensor(Draw.Floats(7, 30)).reshape(10, 3).to(TypeOf(type));
        using TorchModule module = bag
            ? torch.nn.EmbeddingBag_from_pretrained(table, freeze: false, mode: EmbeddingBagMode.Sum, sparse: true)
            : torch.nn.Embedding_from_pretrained(table, freeze: false, sparse: true);
        TorchParameter Weight() => bag ? ((EmbeddingBag)module).weight! : ((Embedding)module).weight!;
        using var optimizer = new ModuleOptimizer(module, new SparseAdamOptions { LearningRate = 0.1 });
        optimizer.Parameters["weight"].IsTable.Should().BeTrue();
        using var floats = new ParameterSet();
        floats.AddTable("weight", 10, 3).CopyValuesFrom(table.Values());
        var model = new ModelOptimizer(floats, new SparseAdamOptions { LearningRate = 0.1 });
        foreach (long[] rows in new long[][] { [4, 1, 4, 9], [0], [9, 9, 9], [2, 3, 5, 7], [7, 5, 3, 2] })
        {
            using DisposeScope scope = torch.NewDisposeScope();
            Tensor output = bag ? ((EmbeddingBag)module).call(torch.tensor(rows), torch.arange(rows.Length), null!) : ((Embedding)module).call(torch.tensor(rows));
            (output.to(torch.float32) * torch.tensor(Draw.Floats(rows.Length, rows.Length * 3)).reshape(-1, 3)).sum().backward();
            Tensor gradient = Weight().grad!;
            gradient.is_sparse.Should().BeTrue();
            gradient.dtype.Should().Be(TypeOf(type));
            floats["weight"].SetRowGradients(gradient.SparseIndices.data<long>().ToArray(), gradient.SparseValues.Values());
            optimizer.Step().Updated.Should().Be(1);
            model.Step();
            ValuesOf(optimizer.Parameters["weight"]).ShouldHaveTheBitsOf(ValuesOf(floats["weight"]), "master copy");
            Weight().Values().ShouldHaveTheBitsOf(RoundAll(FormatOf(type), ValuesOf(floats["weight"])), "torch's values");
        }
    }

    [TorchFact]
    public void DenseGradientOfATableUpdatesAllRows()
    {
        Embedding embedding = torch.nn.Embedding_from_pretrained(torch.zeros(4, 2).to(torch.bfloat16), freeze: false, sparse: true);
        using var module = new Parts(embedding);
        using var optimizer = new ModuleOptimizer(module, new SgdOptions { LearningRate = 0.5 });
        (embedding.call(torch.tensor([1L])).sum() + (2 * embedding.weight!).sum()).backward();
        optimizer.Step();
        embedding.weight!.Values().Should().Equal(-1, -1, -1.5f, -1.5f, -1, -1, -1, -1);
    }

    /// <summary>A clip without a step changes torch's gradient, which keeps its type.</summary>
    [TorchTheory]
    [InlineData("contiguous")]
    [InlineData("expanded")]
    [InlineData("sparse")]
    [InlineData("dense rows")]
    public void ClipOutsideAStepChangesTorchsGradient(string kind)
    {
        using Embedding embedding = torch.nn.Embedding_from_pretrained(torch.zeros(2, 3).to(torch.bfloat16), freeze: false, sparse: kind is "sparse" or "dense rows");
        using var optimizer = new ModuleOptimizer(embedding, new SgdOptions { LearningRate = 0.5 });
        TorchParameter weight = embedding.weight!;
        using Tensor eight = torch.full([2, 3], 8f).to(torch.bfloat16);
        weight.grad = kind switch
        {
            "expanded" => torch.tensor(8f).to(torch.bfloat16).expand(2, 3),
            "sparse" => torch.sparse_coo_tensor(torch.tensor([0L, 1]).reshape(1, 2), eight, [2, 3]),
            _ => eight,
        };
        new ClipByValue { Limit = 2 }.Apply(optimizer.Parameters);
        using (Tensor clipped = weight.grad!)
        {
            // All rows of a table become a sparse gradient only if it was one.
            clipped.dtype.Should().Be(torch.bfloat16);
            clipped.is_sparse.Should().Be(kind == "sparse");
            clipped.Values().Should().OnlyContain(value => value == 2);
        }

        optimizer.Step();
        weight.Values().Should().OnlyContain(value => value == -1);
    }

    [TorchTheory]
    [InlineData("expanded", false)]
    [InlineData("expanded", true)]
    [InlineData("transposed", false)]
    [InlineData("transposed", true)]
    public void GradientThatIsNotContiguousIsCopied(string kind, bool zeroes)
    {
        using OneParameter module = new(torch.zeros(2, 3).to(torch.bfloat16)), plain = new(torch.zeros(2, 3).to(torch.bfloat16));
        var options = new ModelOptimizerOptions { ZeroGradients = zeroes };
        using ModuleOptimizer optimizer = new(module, _adamW, options), ofPlain = new(plain, _adamW, options);
        for (int step = 1; step <= 3; step++)
        {
            Tensor gradient = kind == "expanded"
                ? torch.tensor((float)step).to(torch.bfloat16).expand(2, 3)
                : (torch.arange(6, dtype: torch.float32) + step).to(torch.bfloat16).reshape(3, 2).t();
            gradient.is_contiguous().Should().BeFalse();
            module.w.grad = gradient;
            plain.w.grad = gradient.contiguous();
            optimizer.Step().Applied.Should().BeTrue();
            ofPlain.Step();
            ValuesOf(optimizer.Parameters[0]).ShouldHaveTheBitsOf(ValuesOf(ofPlain.Parameters[0]), $"step {step}");
            (module.w.Gradient()?.Any(value => value != 0) ?? false).Should().BeFalse("a used gradient is cleared");
        }
    }

    [TorchTheory]
    [InlineData("BFloat16", "Float32")]
    [InlineData("BFloat16", "Float16")]
    [InlineData("Float32", "BFloat16")]
    public void GradientMayHaveAnotherTypeThanItsParameter(string type, string ofGradient)
    {
        using OneParameter module = new(torch.zeros(3).to(TypeOf(type)));
        using var optimizer = new ModuleOptimizer(module, new SgdOptions { LearningRate = 1 });
        module.w.grad = torch.tensor([1f, 2, 3]).to(TypeOf(ofGradient));
        optimizer.Step();
        module.w.grad = torch.tensor([1f, 2, 3]).to(TypeOf(type));
        optimizer.Step();
        module.w.Values().Should().Equal(-2, -4, -6);
    }

    [TorchFact]
    public void GradientInFloat64IsRefused()
    {
        using OneParameter module = One("BFloat16", 1, 2);
        using var optimizer = new ModuleOptimizer(module, new SgdOptions());
        module.w.grad = torch.ones(2, dtype: torch.float64);
        optimizer.Invoking(refusing => refusing.Step()).Should().Throw<InvalidOperationException>().WithMessage(
            "The gradient of \"w\" has the type Float64. Only gradients of the types Float32, BFloat16 and Float16 can be used: convert it with .to(torch.bfloat16).");
        module.w.Values().Should().Equal(1, 2);
    }

    /// <summary>The float32 values of before become the master copy, so no bit of the run is lost.</summary>
    [TorchTheory]
    [MemberData(nameof(Types))]
    public void RunContinuesAfterAConversionTo16Bits(string type)
    {
        using Network module = Networks.Mlp();
        using var optimizer = new ModuleOptimizer(module, _adamW);
        using var hand = new HandTraining(module);
        var model = new ModelOptimizer(hand.Set, _adamW);
        for (int step = 0; step < 9; step++)
        {
            if (step is 3 or 6)
            {
                module.to(step == 3 ? TypeOf(type) : torch.float32);
                if (step == 6)
                {
                    // The values in float32 are the 16-bit values now: the master copies are no longer used.
                    foreach ((string name, TorchParameter parameter) in module.named_parameters())
                    {
                        hand.Set[name].CopyValuesFrom(parameter.Values());
                    }
                }
            }

            Networks.Backward(module, step);
            foreach ((string name, TorchParameter parameter) in module.named_parameters())
            {
                hand.Set[name].CopyGradientsFrom(parameter.Gradient()!);
            }

            optimizer.Step().Updated.Should().Be(4);
            model.Step();
            NumberFormat format = step is >= 3 and < 6 ? FormatOf(type) : NumberFormat.Float32;
            foreach ((string name, TorchParameter parameter) in module.named_parameters())
            {
                optimizer.Parameters[name].Format.Values.Should().Be(format);
                optimizer.Parameters[name].Values.ToArray().ShouldHaveTheBitsOf(hand.Set[name].Values.ToArray(), $"{name} after step {step}");
                parameter.Values().ShouldHaveTheBitsOf(
                    format == NumberFormat.Float32 ? hand.Set[name].Values.ToArray() : RoundAll(format, hand.Set[name].Values.ToArray()), "torch's values");
            }
        }
    }

    /// <summary>To float32 and back changes no 16-bit value, so the master copies stay.</summary>
    [TorchFact]
    public void MasterCopiesSurviveAConversionThereAndBack()
    {
        using Network module = Networks.Of("cnn", torch.bfloat16);
        using var optimizer = new ModuleOptimizer(module, _adamW);
        Networks.Backward(module, 0);
        optimizer.Step();
        float[] masters = [.. optimizer.Parameters.SelectMany(ValuesOf)];
        masters.AsSpan().SequenceEqual(RoundAll(NumberFormat.BFloat16, masters)).Should().BeFalse();
        module.to(torch.float32);
        module.to(torch.bfloat16);
        optimizer.Step().Outcome.Should().Be(StepOutcome.NothingToUpdate);
        optimizer.Parameters.SelectMany(ValuesOf).ToArray().ShouldHaveTheBitsOf(masters, "master copies");
        Networks.Backward(module, 1);
        optimizer.Step().Applied.Should().BeTrue();
        module.AllValues().Take(masters.Length).ToArray().ShouldHaveTheBitsOf(
            RoundAll(NumberFormat.BFloat16, [.. optimizer.Parameters.SelectMany(ValuesOf)]), "torch's values");
    }

    [TorchTheory]
    [InlineData(UpdatePrecision.StochasticRounding)]
    [InlineData(UpdatePrecision.Compensation)]
    public void ConversionWithoutAMasterCopyIsRefusedByName(UpdatePrecision precision)
    {
        using OneParameter module = One("BFloat16", 1, 2);
        using var optimizer = new ModuleOptimizer(module, new SgdOptions { LearningRate = 1 }, moduleOptions: new() { UpdatePrecision = precision });
        module.to(torch.float32);
        module.w.sum().backward();
        optimizer.Invoking(refusing => refusing.Step()).Should().Throw<InvalidOperationException>().WithMessage(
            $"The parameter \"w\" of the module had the type BFloat16 and has now the type Float32. With ModuleOptions.UpdatePrecision = {precision} the type cannot change. "
            + "Convert it back, or create a new ModuleOptimizer.");
        module.to(torch.bfloat16);
        optimizer.Step().Applied.Should().BeTrue();
        module.w.Values().Should().Equal(0, 1);
    }

    [TorchFact]
    public void ConversionToFloat64IsRefusedByName()
    {
        using OneParameter module = One("BFloat16", 1, 2);
        using var optimizer = new ModuleOptimizer(module, new SgdOptions());
        module.to(torch.float64);
        optimizer.Invoking(refusing => refusing.Step()).Should().Throw<InvalidOperationException>().WithMessage("*\"w\"*replaced*Float64*Float32, BFloat16 and Float16*");
    }

    [TorchFact]
    public void StepIsAChangeThatTorchCounts()
    {
        using OneParameter module = One("BFloat16", 1, 2);
        using Tensor x = torch.ones(2, requires_grad: true).to(torch.bfloat16);
        using Tensor loss = (module.w * x).square().sum();
        using var optimizer = new ModuleOptimizer(module, new SgdOptions());
        loss.backward(retain_graph: true);
        optimizer.Step();
        loss.Invoking(stale => stale.backward()).Should().Throw<ExternalException>().WithMessage("*modified by an inplace operation*");
    }

    /// <summary>Torch counts the writes of load_state_dict, so the next step trains the loaded values.</summary>
    [TorchTheory]
    [InlineData("BFloat16", UpdatePrecision.MasterCopy)]
    [InlineData("Float16", UpdatePrecision.MasterCopy)]
    [InlineData("BFloat16", UpdatePrecision.Compensation)]
    public void LoadedWeightsAreTrained(string type, UpdatePrecision precision)
    {
        using Network module = Networks.Of("mlp", TypeOf(type), seed: 1), other = Networks.Of("mlp", TypeOf(type), seed: 2);
        using var optimizer = new ModuleOptimizer(module, new SgdOptions { LearningRate = 1e-9 }, moduleOptions: new() { UpdatePrecision = precision });
        Networks.Backward(module, 0);
        optimizer.Step();
        module.load_state_dict(other.state_dict());
        Networks.Backward(module, 1);
        optimizer.Step();
        module.AllValues().ShouldHaveTheBitsOf(other.AllValues(), "loaded values after a tiny step");
    }

    /// <summary>A write through a span is not counted.</summary>
    [TorchFact]
    public unsafe void WrittenMemoryIsTakenOverWhenAsked()
    {
        using OneParameter module = One("Float16", 1, 2);
        using var optimizer = new ModuleOptimizer(module, new SgdOptions { LearningRate = 1 });
        var memory = new Span<Half>(TorchNative.Data(module.w.Handle), 2);
        memory[0] = (Half)10;
        module.w.sum().backward();
        optimizer.Step();
        module.w.Values().Should().Equal([0, 1], "the master copy was written over 10");
        memory[0] = (Half)10;
        optimizer.TakeRoundedValues();
        module.w.sum().backward();
        optimizer.Step();
        module.w.Values().Should().Equal(9, 0);
        optimizer.Dispose();
        optimizer.Invoking(disposed => disposed.TakeRoundedValues()).Should().Throw<ObjectDisposedException>();
    }

    [TorchFact]
    public void OverflowOfHalfLowersTheLossScale()
    {
        using OneParameter module = One("Float16", 1, 2);
        var scaler = new LossScaler(new LossScalerOptions { InitialScale = 65_536, GrowthInterval = 100 });
        using var optimizer = new ModuleOptimizer(module, new SgdOptions { LearningRate = 1 }, new ModelOptimizerOptions { LossScaler = scaler });
        var outcomes = new List<StepOutcome>();
        for (int step = 0; step < 3; step++)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            (module.w.to(torch.float32).sum() * 1.5f * (float)scaler.Scale).backward();
            outcomes.Add(optimizer.Step().Outcome);
        }

        outcomes.Should().Equal(StepOutcome.Skipped, StepOutcome.Applied, StepOutcome.Applied);
        scaler.Scale.Should().Be(32_768);
        module.w.Values().Should().Equal(-2, -1);
    }

    [TorchTheory]
    [MemberData(nameof(Precisions))]
    public void ResumedRunHasTheBitsOfTheUninterruptedOne(string type, UpdatePrecision precision)
    {
        using var folder = new TemporaryFolder();
        float[] Train(int seed, int from, int until, bool saves, bool loads)
        {
            using Network module = Networks.Cnn(seed, dropout: 0.3);
            module.to(TypeOf(type));
            using var optimizer = new ModuleOptimizer(module, _adamW, moduleOptions: new() { UpdatePrecision = precision });
            Checkpoint checkpoint = optimizer.CreateCheckpoint();
            if (loads)
            {
                checkpoint.Load(folder["run"]).Differences.Should().BeEmpty();
            }

            for (int step = from; step < until; step++)
            {
                Networks.Backward(module, step);
                optimizer.Step();
                if (saves && step == 3)
                {
                    checkpoint.Save(folder["run"]);
                }
            }

            return [.. module.AllValues(), .. optimizer.Parameters.SelectMany(ValuesOf)];
        }

        float[] uninterrupted = Train(1, 0, 8, saves: true, loads: false);
        Train(99, 4, 8, saves: false, loads: true).ShouldHaveTheBitsOf(uninterrupted, "resumed");
        using SafetensorsReader reader = SafetensorsReader.Open(folder["run"]);
        SafetensorsType own = type == "BFloat16" ? SafetensorsType.BF16 : SafetensorsType.F16;
        reader["parameters.first.weight"].Type.Should().Be(precision == UpdatePrecision.MasterCopy ? SafetensorsType.F32 : own);
        reader["buffers.firstNorm.running_mean"].Type.Should().Be(own);
    }

    /// <summary>A run in float32 continues in 16 bits with a new optimizer. Its values become the master copies, or are rounded if asked.</summary>
    [TorchTheory]
    [MemberData(nameof(Precisions))]
    public void Float32CheckpointIsLoaded(string type, UpdatePrecision precision)
    {
        using var folder = new TemporaryFolder();
        using Network floats = Networks.Mlp(), module = Networks.Of("mlp", TypeOf(type), seed: 2);
        using ModuleOptimizer ofFloats = new(floats, _adamW), optimizer = new(module, _adamW, moduleOptions: new() { UpdatePrecision = precision });
        Networks.Backward(floats, 0);
        ofFloats.Step();
        ofFloats.CreateCheckpoint().Save(folder["run"]);
        Checkpoint checkpoint = optimizer.CreateCheckpoint();
        if (precision != UpdatePrecision.MasterCopy)
        {
            checkpoint.Invoking(strict => strict.Load(folder["run"])).Should().Throw<CheckpointException>().WithMessage("*ConvertFormats*");
        }

        checkpoint.Load(folder["run"], new CheckpointLoadOptions { ConvertFormats = precision != UpdatePrecision.MasterCopy });
        module.AllValues().ShouldHaveTheBitsOf(RoundAll(FormatOf(type), floats.AllValues()), "torch's values");
        if (precision == UpdatePrecision.MasterCopy)
        {
            optimizer.Parameters.SelectMany(ValuesOf).ToArray().ShouldHaveTheBitsOf(floats.AllValues(), "master copies");
        }

        Networks.Backward(module, 1);
        optimizer.Step().Update.Should().Be(1);
    }

    [TorchTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void PretrainedEmbeddingIsTrained(bool sparse)
    {
        using var module = new Parts(torch.nn.Embedding_from_pretrained(torch.zeros(5, 2).to(torch.bfloat16), freeze: false, sparse: sparse));
        using var optimizer = new ModuleOptimizer(module, new SgdOptions { LearningRate = 1 });
        for (int step = 0; step < 4; step++)
        {
            module.call(torch.tensor([4L])).sum().backward();
            optimizer.Step().Updated.Should().Be(1);
        }

        module.call(torch.tensor([4L])).Values().Should().Equal(-4, -4);
    }

    /// <summary>A lookup with max_norm scales the row in place. The master copy follows, and other rows keep their bits.</summary>
    [TorchFact]
    public void MaxNormOfAnEmbeddingReachesTheMasterCopy()
    {
        using Embedding embedding = torch.nn.Embedding_from_pretrained(torch.tensor([8f, 0, 0.5f, 0]).reshape(2, 2).to(torch.bfloat16), freeze: false, max_norm: 1);
        using var optimizer = new ModuleOptimizer(embedding, new SgdOptions { LearningRate = 0.001 });
        (0.1f * embedding.weight!).sum().backward();
        optimizer.Step();
        float kept = optimizer.Parameters[0].Values[2];
        kept.Should().NotBe(BFloat16.Round(kept).ToSingle());
        embedding.call(torch.tensor([0L])).Dispose();
        optimizer.Step().Outcome.Should().Be(StepOutcome.NothingToUpdate);
        optimizer.Parameters[0].Values[0].Should().BeApproximately(1, 0.01f);
        optimizer.Parameters[0].Values[2].Should().Be(kept);
    }

    [TorchFact]
    public void EmptyParametersAndScalarsAreTrained()
    {
        using var module = new Parts(new OneParameter(torch.empty(0, 3).to(torch.bfloat16)), new OneParameter(torch.tensor(5f).to(torch.bfloat16)));
        using var optimizer = new ModuleOptimizer(module, new SgdOptions { LearningRate = 0.5 });
        module.parameters().Aggregate(torch.tensor(0f), (sum, parameter) => sum + parameter.to(torch.float32).sum()).backward();
        optimizer.Step();
        module.get_parameter("1.w")!.Values().Should().Equal(4.5f);
    }
}
