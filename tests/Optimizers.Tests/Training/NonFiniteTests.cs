namespace Optimizers.Tests;

/// <summary>Steps with non-finite gradients: nothing is lost, and the result is reported.</summary>
public sealed class NonFiniteTests
{
    private const int Length = 5_000;

    public static TheoryData<string, float, int> Cases
    {
        get
        {
            var cases = new TheoryData<string, float, int>();
            foreach (OptimizerVariant variant in Catalogue.Optimizers.SelectMany(row => row.Variants))
            {
                cases.Add(variant.Name, float.NaN, 4_500);
                cases.Add(variant.Name, float.NegativeInfinity, 0);
            }

            return cases;
        }
    }

    public static TheoryData<string> Clips => [.. _clips.Keys];

    private static readonly Dictionary<string, IGradientClip?> _clips = new()
    {
        ["none"] = null,
        ["Euclidean"] = new ClipByGlobalNorm { MaximumNorm = 0.5 },
        ["infinity"] = new ClipByGlobalNorm { MaximumNorm = 0.5, NormKind = NormKind.Infinity },
        ["p"] = new ClipByGlobalNorm { MaximumNorm = 0.5, NormKind = NormKind.P, Order = 1.5 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void SkippedStepChangesNothing(string name, float value, int index)
    {
        IOptimizerOptions options = Catalogue.Variant(name).Options;
        using var spoilt = new Run(options, new() { NonFinite = NonFinitePolicy.Skip, Schedule = new Cosine(1e-3, 10) });
        using var clean = new Run(options, new() { Schedule = new Cosine(1e-3, 10) });
        for (int step = 0; step < 4; step++)
        {
            clean.Step(step).Applied.Should().BeTrue();
            StepReport skipped = spoilt.Step(100 + step, p => p.Gradients[index] = value);
            skipped.Outcome.Should().Be(StepOutcome.Skipped);
            (skipped.Updated, skipped.ConsecutiveSkips, skipped.Skips).Should().Be((0, 1, step + 1));
            StepReport applied = spoilt.Step(step);
            (applied.Applied, applied.Update, applied.ConsecutiveSkips).Should().Be((true, step, 0));
        }

        spoilt.Model.UpdateCount.Should().Be(4);
        spoilt.Outcome.ShouldHaveTheBitsOf(clean.Outcome, name);
    }

    [Theory]
    [MemberData(nameof(Clips))]
    public void TrainingWithSkippedNaNsHasTheLossOfCleanTraining(string clip)
    {
        double clean = TrainAs(_clips[clip], spoiltShare: 0, out int skips);
        skips.Should().Be(0);
        double start = TrainAs(_clips[clip], spoiltShare: 0, out _, updates: 0);
        double spoilt = TrainAs(_clips[clip], spoiltShare: 0.25, out skips);
        skips.Should().BeGreaterThan(40);
        clean.Should().BeLessThan(0.1 * start, "the training reduces the loss");
        spoilt.Should().Be(clean, "skipped steps do not change the training");
    }

    // The loss after some updates towards y = Ax. Some batches are preceded by a batch with a NaN or an infinity.
    private static double TrainAs(IGradientClip? clip, double spoiltShare, out int skips, int updates = 300)
    {
        const int Inputs = 20;
        const int Outputs = 10;
        var random = new Random(5);
        float[] truth = Draw.Floats(9, Inputs * Outputs);
        using var set = new ParameterSet();
        Parameter weight = set.Add("weight", Outputs, Inputs);
        var model = new ModelOptimizer(set, new AdamOptions(), new()
        {
            NonFinite = NonFinitePolicy.Skip,
            Clip = clip,
            Schedule = new WarmupCosine(0.2, 10, 300),
        });
        skips = 0;
        double loss = Gradients(0);
        while (model.UpdateCount < updates)
        {
            loss = Gradients(1 + model.UpdateCount);
            if (random.NextDouble() < spoiltShare)
            {
                weight.Gradients[random.Next(weight.Length)] = random.Next(2) == 0 ? float.NaN : float.PositiveInfinity;
            }

            skips += model.Step().Outcome == StepOutcome.Skipped ? 1 : 0;
        }

        return loss;

        double Gradients(long batch)
        {
            float[] inputs = Draw.Floats((int)batch, Inputs);
            double squares = 0;
            for (int o = 0; o < Outputs; o++)
            {
                float error = 0;
                for (int i = 0; i < Inputs; i++)
                {
                    error += (weight.Values[(o * Inputs) + i] - truth[(o * Inputs) + i]) * inputs[i];
                }

                squares += error * error;
                for (int i = 0; i < Inputs; i++)
                {
                    weight.Gradients[(o * Inputs) + i] = error * inputs[i];
                }
            }

            return squares / Outputs;
        }
    }

    [Theory]
    [MemberData(nameof(Clips))]
    public void ExceptionNamesParameterIndexAndValue(string clip)
    {
        using var run = new Run(new AdamOptions(), new() { Clip = _clips[clip] });
        run.Step(0);
        Outcome before = run.Outcome;
        run.Invoking(r => r.Step(1, p => p.Gradients[4_321] = float.PositiveInfinity)).Should().Throw<NonFiniteGradientException>()
            .WithMessage("*\"weight\"*Infinity*4321*")
            .Where(e => e.ParameterName == "weight" && e.Index == 4_321 && float.IsPositiveInfinity(e.Value));
        run.Outcome.ShouldHaveTheBitsOf(before, "after the exception");
        run.Model.UpdateCount.Should().Be(1);
        run.Step(2).Should().Match<StepReport>(report => report.Applied && report.Update == 1 && report.Skips == 0);
    }

    [Theory]
    [MemberData(nameof(Clips))]
    public void HugeGradientsAreNotInfinite(string clip)
    {
        using var run = new Run(new SgdOptions { LearningRate = 1 }, new() { Clip = _clips[clip] });
        StepReport report = run.Step(0, p => p.Gradients.Fill(-3e20f));
        report.Applied.Should().BeTrue();
        if (_clips[clip] is not null)
        {
            report.GradientNorm.Should().BeGreaterThan(2.9e20).And.BeLessThan(double.PositiveInfinity);
            run.Weight.Values[7].Should().BeGreaterThan(0).And.BeLessThanOrEqualTo(0.5f + 1e-6f + Draw.Floats(1, Length)[7]);
        }
    }

    [Fact]
    public void PropagateUpdatesWithoutACheck()
    {
        using var run = new Run(new AdamOptions(), new() { NonFinite = NonFinitePolicy.Propagate });
        StepReport report = run.Step(0, p => p.Gradients[3] = float.NaN);
        report.Applied.Should().BeTrue();
        report.GradientNorm.Should().Be(double.NaN, "a step without a clip and without a check measures no norm");
        float.IsNaN(run.Weight.Values[3]).Should().BeTrue();
        run.Weight.Values.ToArray().Count(float.IsNaN).Should().Be(1);
    }

    [Fact]
    public void TooManyConsecutiveSkipsThrow()
    {
        using var run = new Run(
            new AdamOptions(), new() { NonFinite = NonFinitePolicy.Skip, MaximumConsecutiveSkips = 2 });
        void Spoil(Parameter parameter) => parameter.Gradients[1] = float.NaN;
        for (int round = 0; round < 2; round++)
        {
            run.Step(0, Spoil).ConsecutiveSkips.Should().Be(1);
            run.Step(0, Spoil).ConsecutiveSkips.Should().Be(2);
            if (round == 0)
            {
                run.Step(0).ConsecutiveSkips.Should().Be(0);
            }
        }

        run.Invoking(r => r.Step(0, Spoil)).Should().Throw<NonFiniteGradientException>()
            .WithMessage("*\"weight\"*after 2 skipped steps in a row*");
    }

    [Fact]
    public void FrozenAndMissingGradientsAreNotChecked()
    {
        using var run = new Run(new AdamOptions(), new());
        run.Bias.HasGradient = false;
        run.Step(0, _ => run.Bias.Gradients.Fill(float.NaN)).Applied.Should().BeTrue();
    }

    [Fact]
    public void SkippedStepZeroesGradients()
    {
        using var run = new Run(new AdamOptions(), new() { NonFinite = NonFinitePolicy.Skip, ZeroGradients = true });
        run.Step(0, p => p.Gradients[1] = float.NaN);
        run.Weight.Gradients.ToArray().Should().OnlyContain(g => g == 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void SkippedStepAllocatesNothing(int threads)
    {
        using var run = new Run(new AdamOptions(), new()
        {
            NonFinite = NonFinitePolicy.Skip,
            MaximumConsecutiveSkips = int.MaxValue,
            Threads = threads,
        });
        run.Weight.Gradients[0] = float.NaN;
        run.Model.Step();
        Allocations.Of(() => run.Model.Step()).Should().Be(0);
        int step = 0;
        Allocations.Of(() =>
        {
            run.Weight.Gradients[0] = step++ % 2 == 0 ? float.NaN : 1;
            run.Model.Step();
        }).Should().Be(0, "applied steps between skipped steps must not allocate");
    }

    [Theory]
    [InlineData(-1, "MaximumConsecutiveSkips")]
    public void InvalidOptionsThrow(int skips, string option)
    {
        using var set = new ParameterSet();
        set.Add("p", 1);
        FluentActions.Invoking(() => new ModelOptimizer(set, new SgdOptions(), new() { MaximumConsecutiveSkips = skips }))
            .Should().Throw<ArgumentOutOfRangeException>().WithParameterName(option);
        FluentActions.Invoking(() => new ModelOptimizer(set, new SgdOptions(), new() { NonFinite = (NonFinitePolicy)9 }))
            .Should().Throw<ArgumentOutOfRangeException>().WithParameterName("NonFinite");
        FluentActions.Invoking(() => new ModelOptimizer(set, new SgdOptions(), new() { Threads = -1 }))
            .Should().Throw<ArgumentOutOfRangeException>().WithParameterName("Threads");
    }

    /// <summary>A model of a weight and a bias.</summary>
    private sealed class Run : IDisposable
    {
        private readonly ParameterSet _set = new();

        public Run(IOptimizerOptions optimizer, ModelOptimizerOptions options)
        {
            _set.AddRange(("bias", [3]), ("weight", [50, 100]));
            Draw.Floats(1, Length).CopyTo(Weight.Values);
            Model = new ModelOptimizer(_set, Catalogue.GroupsOf(optimizer), options);
        }

        public ModelOptimizer Model { get; }

        public Parameter Weight => _set["weight"];

        public Parameter Bias => _set["bias"];

        public Outcome Outcome => new(Weight.Values.ToArray(), Model.StateOf("weight").Save());

        public StepReport Step(int seed, Action<Parameter>? change = null)
        {
            Draw.Floats(2 + seed, Length).CopyTo(Weight.Gradients);
            change?.Invoke(Weight);
            return Model.Step();
        }

        public void Dispose() => _set.Dispose();
    }
}
