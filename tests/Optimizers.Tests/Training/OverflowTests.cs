namespace Optimizers.Tests;

/// <summary>
/// A step with finite gradients of any size keeps parameters and state finite, or changes nothing and reports it.
/// </summary>
public sealed class OverflowTests
{
    private const int Steps = 14;

    private static readonly int[] _lanes = [1, 4, 8, 16];

    private static readonly IGradientClip?[] _clips =
    [
        null,
        new ClipByGlobalNorm { MaximumNorm = 1 },
        new ClipByGlobalNorm { MaximumNorm = 1e25, NormKind = NormKind.Infinity },
        new ClipByGlobalNorm { MaximumNorm = 1, NormKind = NormKind.P, Order = 3 },
        new ClipByNorm { MaximumNorm = 1e18 },
        new ClipByValue { Limit = 1e30 },
        new AdaptiveClip { Clipping = 1e20 },
    ];

    public static TheoryData<string, int> Runs
    {
        get
        {
            var runs = new TheoryData<string, int>();
            foreach (OptimizerVariant variant in Catalogue.Optimizers.SelectMany(row => row.Variants))
            {
                for (int seed = 0; seed < 6; seed++)
                {
                    runs.Add(variant.Name, seed);
                }
            }

            return runs;
        }
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void BufferStaysFiniteOrUnchanged(string name, int seed)
    {
        var random = new Random(seed);
        IOptimizerOptions options = seed % 5 == 4 ? Catalogue.Variant(name).WithoutEpsilon ?? Catalogue.Variant(name).Options : Catalogue.Variant(name).Options;
        StateFormat format = (StateFormat)(seed % 4);
        int length = format == StateFormat.Block8 ? 4_200 : 24;
        int[] shape = Catalogue.ShapeFor(options, length);
        var policy = (NonFinitePolicy)(seed % 2);
        int lane = _lanes[random.Next(4)];
        Optimizer Make(NonFinitePolicy nonFinite)
        {
            var made = new Optimizer(shape, options, threads: 1 + (seed % 2), lane, format);
            made.NonFinite = nonFinite;
            return made;
        }

        Optimizer optimizer = Make(policy);
        float[] parameters = Draw.Floats(seed, length);
        for (int step = 0; step < Steps; step++)
        {
            float[] gradients = Nasty(random, length);
            double rate = random.Next(4) == 0 ? 0.1 : options.LearningRate;

            var before = new Outcome([.. parameters], optimizer.State.Save());

            // Without the check, the same step is taken.
            Optimizer twin = Make(NonFinitePolicy.Propagate).WithStateOf(optimizer);
            float[] moved = [.. parameters];
            twin.Step(moved, gradients, rate);
            var would = new Outcome(moved, twin.State.Save());
            if (Takes(() => optimizer.Step(parameters, gradients, rate), policy, () => optimizer.ConsecutiveSkips == 0, out _))
            {
                new Outcome(parameters, optimizer.State.Save()).ShouldHaveTheBitsOf(would, $"step {step}");
                FindNonFinite(moved, twin.State).Should().BeNull($"step {step} was taken");
            }
            else
            {
                FindNonFinite(moved, twin.State).Should().NotBeNull($"step {step} was refused");
                new Outcome(parameters, optimizer.State.Save()).ShouldHaveTheBitsOf(before, $"step {step}");
            }

            FindNonFinite(parameters, optimizer.State).Should().BeNull($"step {step}");
        }
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void ModelStaysFiniteOrUnchanged(string name, int seed)
    {
        IOptimizerOptions options = seed % 5 == 4 ? Catalogue.Variant(name).WithoutEpsilon ?? Catalogue.Variant(name).Options : Catalogue.Variant(name).Options;
        var random = new Random(100 + seed);
        bool scales = random.Next(3) == 0;
        var model = new ModelOptimizerOptions
        {
            NonFinite = scales ? NonFinitePolicy.Throw : (NonFinitePolicy)(seed % 2),
            Clip = _clips[random.Next(_clips.Length)],
            LossScaler = scales ? new LossScaler(new() { InitialScale = 4096 }) : null,
            ZeroGradients = random.Next(2) == 0,
            MeasureUpdates = random.Next(2) == 0,
            Threads = 1 + (seed % 2),
        };
        bool rows = RowDraw.Takes(options) && random.Next(2) == 0 && model.Clip is not AdaptiveClip;
        using var set = new ParameterSet();
        StateFormat format = rows ? StateFormat.Float32 : (StateFormat)((seed + 1) % 4);
        set.Add("other", 5);
        if (rows)
        {
            set.AddTable("main", 10, 3);
        }
        else
        {
            set.Add("main", format == StateFormat.Block8 ? [42, 100] : [6, 5]);
        }

        set.Add("third", 3, 4);
        foreach (Parameter parameter in set)
        {
            Draw.Floats(seed + parameter.Length, parameter.Length).CopyTo(parameter.Values);
        }

        set["other"].KeepBFloat16Copy();
        ParameterGroup main = new(options) { StateFormat = format, Where = p => p.Name != "other" };
        IOptimizerOptions ofOthers = random.Next(2) == 0 ? new AdamOptions { WeightDecay = 0.1 } : new SgdOptions();
        var optimizer = new ModelOptimizer(set, [main, new(ofOthers)], model, widestLane: _lanes[random.Next(4)]);
        long applied = 0;
        for (int step = 0; step < Steps; step++)
        {
            foreach (Parameter parameter in set)
            {
                if (parameter.IsTable)
                {
                    parameter.SetRowGradients([7, 2, 7], [.. Nasty(random, 9).Select(g => g / 2)]);
                }
                else
                {
                    Nasty(random, parameter.Length).CopyTo(parameter.Gradients);
                }
            }

            List<Outcome> before = All();
            float[][] gradients = [.. set.Select(p => p.WritableGradients.ToArray())];
            double scale = model.LossScaler?.Scale ?? 1;
            double given = random.Next(3) == 0 ? 1.0 / 1024 : 1;
            StepReport report = default;
            bool taken = Takes(
                () => report = optimizer.Step(new LossScale(given)), model.NonFinite, () => report.Outcome == StepOutcome.Applied, out bool threw);
            applied += taken ? 1 : 0;
            optimizer.UpdateCount.Should().Be(applied);
            List<Outcome> after = All();
            for (int i = 0; i < after.Count; i++)
            {
                FindNonFinite(after[i].Parameters, optimizer.StateOf(set[i].Name)).Should().BeNull($"{set[i].Name}, step {step}");
                if (!taken)
                {
                    after[i].ShouldHaveTheBitsOf(before[i], $"{set[i].Name}, step {step}");
                    if (threw || !model.ZeroGradients)
                    {
                        set[i].WritableGradients.ToArray().ShouldHaveTheBitsOf(gradients[i], $"gradients of {set[i].Name}");
                    }
                }
            }

            for (int i = 0; i < 5; i++)
            {
                set["other"].BFloat16Values[i].Should().Be(BFloat16.Round(set["other"].Values[i]));
            }

            if (model.LossScaler is not null && !threw)
            {
                model.LossScaler.Scale.Should().Be(taken ? scale : Math.Max(1, scale / 2), "the scaler counts it as an overflow");
            }
        }

        List<Outcome> All() => [.. set.Select(p => new Outcome(p.Values.ToArray(), optimizer.StateOf(p.Name).Save()))];
    }

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void ExceptionNamesTheOutlier(string name)
    {
        IOptimizerOptions options = Catalogue.Variant(name).Options;
        float[] gradients = [.. Enumerable.Repeat(0.1f, 16)];
        gradients[6] = 1e20f;
        using var set = new ParameterSet();
        set.Add("weight", 4, 4);
        Draw.Floats(1, 16).CopyTo(set["weight"].Values);
        gradients.CopyTo(set["weight"].Gradients);
        var model = new ModelOptimizer(set, options);
        var before = new Outcome(set["weight"].Values.ToArray(), model.StateOf("weight").Save());
        try
        {
            model.Step();
            FindNonFinite(set["weight"].Values.ToArray(), model.StateOf("weight")).Should().BeNull();
        }
        catch (NonFiniteGradientException exception)
        {
            exception.Should().Match<NonFiniteGradientException>(e => e.ParameterName == "weight" && e.Index == 6 && e.Value == 1e20f);
            exception.Message.Should().ContainAll("\"weight\"", "1E+20", "index 6", "finite, but", "infinite or NaN", "Clip the gradients");
            model.UpdateCount.Should().Be(0);
            new Outcome(set["weight"].Values.ToArray(), model.StateOf("weight").Save()).ShouldHaveTheBitsOf(before, name);
        }
    }

    [Theory]
    [InlineData("Adam", true)]
    [InlineData("AdamW", true)]
    [InlineData("AdaGrad", true)]
    [InlineData("Yogi", true)]
    [InlineData("AdaDelta", true)]
    [InlineData("Adan", true)]
    [InlineData("Ftrl", true)]
    [InlineData("Adafactor", true)]
    [InlineData("Sgd", false)]
    [InlineData("Momentum", false)]
    [InlineData("Lion", false)]
    [InlineData("NovoGrad", false)]
    [InlineData("Lars", false)]
    public void OnlyRulesThatSquareRefuseLargeGradients(string name, bool refuses)
    {
        float[] gradients = [.. Enumerable.Repeat(0.1f, 16)];
        gradients[6] = 1e22f;
        float[] parameters = Draw.Floats(1, 16);
        var optimizer = new Optimizer([4, 4], Catalogue.Row(name).Defaults) { NonFinite = NonFinitePolicy.Skip };
        optimizer.Step(parameters, gradients);
        (optimizer.Skips, optimizer.ConsecutiveSkips, optimizer.State.Iteration).Should().Be(refuses ? (1, 1, 0) : (0, 0, 1));
        optimizer.Step(parameters, [.. gradients.Select(g => Math.Min(g, 1))]);
        (optimizer.Skips, optimizer.ConsecutiveSkips).Should().Be(refuses ? (1, 0) : (0, 0));
    }

    [Fact]
    public void GrowingSumThrowsWhenItWouldOverflow()
    {
        float[] parameters = [1, 1];
        var optimizer = new Optimizer(2, new AdaGradOptions()) { NonFinite = NonFinitePolicy.Throw };
        optimizer.Step(parameters, [0, 1.5e19f]);
        optimizer.Invoking(o => o.Step(parameters, [0, 1.5e19f])).Should().Throw<NonFiniteGradientException>()
            .WithMessage("The gradient is 1.5E+19 at index 1. *finite, but*the state slot \"sum\" infinite or NaN. The value of the parameter at this index is *")
            .Which.ParameterName.Should().BeEmpty();
        optimizer.Step(parameters, [1, 1]);
        optimizer.State.Iteration.Should().Be(2);
    }

    [Fact]
    public void CheckUsesTheGradientOfTheRule()
    {
        using var set = new ParameterSet();
        Parameter weight = set.Add("weight", 4);
        weight.Gradients.Fill(3e20f);
        new ModelOptimizer(set, new AdamOptions(), new() { Clip = new ClipByGlobalNorm() }).Step().Applied.Should().BeTrue();
        new ModelOptimizer(set, new AdamOptions(), new() { Clip = new ClipByValue() }).Step().Applied.Should().BeTrue();
        new ModelOptimizer(set, new AdamOptions()).Step(new LossScale(1e10)).Applied.Should().BeTrue();
        weight.Gradients.Fill(1);
        var optimizer = new ModelOptimizer(set, new AdamOptions());
        optimizer.Invoking(o => o.Step(new LossScale(1e-24))).Should().Throw<NonFiniteGradientException>().Which.Value.Should().Be(1);
    }

    [Fact]
    public void CheckIncludesACoupledDecay()
    {
        float[] parameters = [1e25f, 1];
        var optimizer = new Optimizer(2, new AdamOptions { WeightDecay = 0.1 }) { NonFinite = NonFinitePolicy.Throw };
        optimizer.Invoking(o => o.Step(parameters, [0.1f, 0.1f])).Should().Throw<NonFiniteGradientException>()
            .WithMessage("*0.1 at index 0*\"exp_avg_sq\"*1E+25*");
        parameters[0] = 1;
        optimizer.Step(parameters, [0.1f, 0.1f]);
        optimizer.State.Iteration.Should().Be(1);
    }

    [Fact]
    public void SafeMagnitudeOfTheOptionsIsUsed()
    {
        // 1e14 is far below what is safe for squares.
        float[] parameters = [1, 1];
        var cubing = new Optimizer(2, new CubingOptions { Safe = 1e10 }) { NonFinite = NonFinitePolicy.Skip };
        cubing.Step(parameters, [0, 1e14f]);
        (cubing.Skips, parameters[1]).Should().Be((1, 1));
        cubing.Step(parameters, [0, 1e9f]);
        cubing.Skips.Should().Be(1);
        FluentActions.Invoking(() => new Optimizer(2, new CubingOptions { Safe = double.NaN }))
            .Should().Throw<ArgumentOutOfRangeException>().WithParameterName("SafeMagnitude");
        cubing.Invoking(o => o.NonFinite = (NonFinitePolicy)7).Should().Throw<ArgumentOutOfRangeException>().WithParameterName("NonFinite");
    }

    [Theory]
    [InlineData(NonFinitePolicy.Throw)]
    [InlineData(NonFinitePolicy.Skip)]
    public void PolicyAppliesToOptimizersOfOneBuffer(NonFinitePolicy policy)
    {
        foreach (OptimizerVariant variant in Catalogue.Optimizers.SelectMany(row => row.Variants))
        {
            bool rows = RowDraw.Takes(variant.Options);
            float[] parameters = Draw.Floats(3, 24);
            float[] expected = [.. parameters];
            var optimizer = new Optimizer(variant.Shape(24), variant.Options) { NonFinite = policy };
            var free = new Optimizer(variant.Shape(24), variant.Options);
            for (int step = 0; step < 3; step++)
            {
                float[] gradients = Draw.Floats(step, 24);
                optimizer.Step(parameters, gradients);
                free.Step(expected, gradients);
                gradients[17] = step == 1 ? float.NaN : float.NegativeInfinity;
                Refuses(() => optimizer.Step(parameters, gradients), 17);
                if (rows)
                {
                    Refuses(() => optimizer.Step(parameters, new RowGradients([3, 1], [1, 1, 1, 1, float.NaN, 1], 3)), 4);
                }

                optimizer = (Optimizer)optimizer.Clone();
                optimizer.NonFinite.Should().Be(policy);
            }

            new Outcome(parameters, optimizer.State.Save()).ShouldHaveTheBitsOf(new(expected, free.State.Save()), variant.Name);

            void Refuses(Action step, int index)
            {
                long skips = optimizer.Skips;
                if (policy == NonFinitePolicy.Throw)
                {
                    step.Should().Throw<NonFiniteGradientException>().Which.Index.Should().Be(index);
                }
                else
                {
                    step();
                    optimizer.Skips.Should().Be(skips + 1);
                }
            }
        }
    }

    [Fact]
    public void CheckAllocatesNothing()
    {
        float[] parameters = Draw.Floats(1, 1_000);
        float[] gradients = Draw.Floats(2, 1_000);
        var optimizer = new Optimizer(1_000, new AdamOptions()) { NonFinite = NonFinitePolicy.Skip };
        optimizer.Step(parameters, gradients);
        Allocations.Of(() => optimizer.Step(parameters, gradients, 1e-3)).Should().Be(0);
        gradients[3] = float.NaN;
        Allocations.Of(() => optimizer.Step(parameters, gradients, 1e-3)).Should().Be(0);
    }

    /// <summary>Takes a step and returns whether it was applied. An exception must follow the policy.</summary>
    private static bool Takes(Action step, NonFinitePolicy policy, Func<bool> wasTaken, out bool threw)
    {
        threw = false;
        try
        {
            step();
        }
        catch (NonFiniteGradientException exception)
        {
            policy.Should().Be(NonFinitePolicy.Throw);
            float.IsFinite(exception.Value).Should().BeTrue();
            exception.Message.Should().Contain("finite, but");
            threw = true;
            return false;
        }

        return wasTaken();
    }

    private static string? FindNonFinite(float[] parameters, OptimizerState state)
    {
        static bool IsNotFinite(float value) => !float.IsFinite(value);
        float[] Values(string slot)
        {
            float[] values = new float[state.Slots.Single(s => s.Declared.Name == slot).Length];
            state.Read(slot, values);
            return values;
        }

        return Array.Exists(parameters, IsNotFinite)
            ? "the parameters"
            : state.SlotNames.FirstOrDefault(slot => Array.Exists(Values(slot), IsNotFinite))
                ?? state.ScalarNames.FirstOrDefault(scalar => !double.IsFinite(state.Scalar(scalar)));
    }

    // Finite gradients: one outlier, all of the same size, each of a different magnitude, or those of an ordinary step.
    private static float[] Nasty(Random random, int length)
    {
        float[] gradients = Draw.Floats(random.Next(), length);
        float Any(double least) => (float)Math.Pow(10, least + (random.NextDouble() * (38.5 - least))) * (random.Next(2) == 0 ? 1 : -1);
        switch (random.Next(7))
        {
            case 0:
                gradients[random.Next(length)] = Any(0);
                break;
            case 1:
                gradients.AsSpan().Fill(random.Next(2) == 0 ? 1.5e19f : 3e38f);
                break;
            case 2:
                gradients = [.. gradients.Select(_ => Any(-45))];
                break;
            case 3:
                float factor = Math.Abs(Any(-30));
                gradients = [.. gradients.Select(g => g * factor)];
                break;
            case 4:
                gradients[random.Next(length)] = 1e20f;
                break;
            case 5:
                gradients.AsSpan().Clear();
                break;
        }

        return gradients;
    }

    private sealed record CubingOptions : IOptimizerOptions
    {
        public double LearningRate => 0.1;

        public double Safe { get; init; }

        double IOptimizerOptions.SafeMagnitude => Safe;

        OptimizerDefinition IOptimizerOptions.Define() => OptimizerDefinition.Elementwise(_ => default(CubingRule), new StateSlot("cubes"));
    }

    private readonly struct CubingRule : IUpdateRule1<CubingRule>
    {
        public void Apply<V>(V g, ref V p, ref V s)
            where V : struct, ILane<V> =>
            s += g * g * g;
    }
}
