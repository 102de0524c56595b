namespace Optimizers.Tests;

/// <summary>Clips that use public members only.</summary>
public sealed class OwnClipTests
{
    [Theory]
    [InlineData(1.0)]
    [InlineData(1024.0)]
    [InlineData(3.0)]
    public void ClipGetsUnscaledGradients(double lossScale)
    {
        using ParameterSet set = Set(lossScale);
        var seen = new List<string>();
        double rewritten = 0;
        var clip = new FunctionClip
        {
            Rewrites = (step, tensor) =>
            {
                seen.Add($"{tensor.Parameter.Name} [{string.Join(", ", tensor.Shape.ToArray())}] {tensor.Row} {tensor.LearningRate} {tensor.WeightDecay}");
                tensor.Values.Length.Should().Be(tensor.Gradients.Length);
                tensor.Gradients[0].Should().BeApproximately(Given(tensor.Parameter, tensor.Row ?? 0), 1e-5f);
                step.GradientNorm.Should().BeApproximately(GivenNorm(set), 1e-5);
                tensor.Gradients.Fill(2);
            },
            OfAll = step => (rewritten = step.GradientNorm) > 0 ? 0.5 : double.NaN,
            Of = (step, tensor) =>
            {
                seen.Add($"{tensor.Parameter.Name} {tensor.Length} {tensor.GradientNorm:R} {tensor.ValueNorm():R} {tensor.LearningRate} {tensor.WeightDecay}");
                step.GradientNorm.Should().Be(rewritten);
                return tensor.Parameter.Name == "matrix" ? 0.5 : 3;
            },
            Limit = step => step.GradientNorm == rewritten && step.Update == 0 ? 2.5 : double.NaN,
        };
        var groups = new[]
        {
            new ParameterGroup(new SgdOptions { LearningRate = 1 }) { Where = p => p.Name == "matrix", RateFactor = 0.5 },
            new ParameterGroup(new AdamWOptions { LearningRate = 1, WeightDecay = 0.1 }),
        };
        float[] before = set["matrix"].Values.ToArray();
        StepReport report = new ModelOptimizer(set, groups, new() { Clip = clip }).Step(new LossScale(lossScale));
        seen.Should().Equal(
            "matrix [2, 3]  0.5 0",
            "scalar []  1 0.1",
            "table [4] 1 1 0.1",
            "table [4] 5 1 0.1",
            $"matrix 6 {Math.Sqrt(24):R} {NormKind.Euclidean.Of(before):R} 0.5 0",
            $"scalar 1 2 {NormKind.Euclidean.Of([7]):R} 1 0.1",
            $"table 8 {Math.Sqrt(32):R} {Math.Sqrt((4 * 100) + (4 * 2_500)):R} 1 0.1");
        rewritten.Should().Be(Math.Sqrt(24 + 4 + 32));
        report.GradientNorm.Should().BeApproximately(GivenNorm(set), 1e-5, "the report has the norm before clipping");
        report.ClipFactor.Should().Be(0.25, "the report has the smallest factor");

        // The move is 2 · 0.5 · 0.5 at the rate 0.5.
        set["matrix"].Values.ToArray().Should().Equal(before.Select(p => p - (0.5f * 0.5f)));
        set["matrix"].Gradients.ToArray().Should().OnlyContain(g => g == 2, "the buffers keep the rewritten gradients");
    }

    [Fact]
    public void LimitIsAppliedAfterTheFactors()
    {
        using var set = new ParameterSet();
        set.Add("a", 3);
        ((float[])[1, -2, 0.25f]).CopyTo(set["a"].Gradients);
        var clip = new FunctionClip { OfAll = _ => 2, Of = (_, _) => 2, Limit = _ => 5 };
        new ModelOptimizer(set, new SgdOptions { LearningRate = 1 }, new() { Clip = clip }).Step().ClipFactor.Should().Be(4);
        set["a"].Values.ToArray().Should().Equal(-4, 5, -1);
        clip.Apply(set);
        set["a"].Gradients.ToArray().Should().Equal(4, -5, 1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1024)]
    public void ApplyClipsLikeAStep(double lossScale)
    {
        foreach (IGradientClip clip in new IGradientClip[] { new RunningClip(), new TrustClip(0.1), new CentredClip(), All() })
        {
            using ParameterSet inModel = Set(lossScale);
            using ParameterSet inPlace = Set(1);
            using ParameterSet oneByOne = Set(1);
            if (clip is TrustClip)
            {
                // Apply has no weight decay.
                new FunctionClip { Of = (_, tensor) => double.IsNaN(tensor.WeightDecay) && double.IsNaN(tensor.LearningRate) ? 0.1 * tensor.ValueNorm() / tensor.GradientNorm : 0 }
                    .Apply(inPlace);
                clip.Invoking(c => c.Apply(oneByOne)).Should().Throw<ArgumentOutOfRangeException>().WithMessage("*TrustClip*NaN*\"matrix\"*");
            }
            else
            {
                clip.Apply(inPlace).Should().BeApproximately(GivenNorm(Set(1)), 1e-5);
            }

            new ModelOptimizer(inPlace, new SgdOptions()).Step();
            new ModelOptimizer(inModel, new SgdOptions(), new() { Clip = clip }).Step(new LossScale(lossScale));
            ShouldBeSame(inModel, inPlace, clip.ToString()!);
        }
    }

    [Fact]
    public void EveryNumberOfThreadsGivesTheSameBits()
    {
        float[][] results = [.. new[] { 1, 2, 3, 16 }.Select(threads =>
        {
            using var set = new ParameterSet();
            set.AddRange(("a", [300, 700]), ("b", [100_001]), ("c", [5]));
            foreach (Parameter parameter in set)
            {
                Draw.Floats(parameter.Length, parameter.Length).CopyTo(parameter.Values);
            }

            var optimizer = new ModelOptimizer(set, new AdamWOptions(), new() { Clip = All(), Threads = threads });
            for (int step = 0; step < 3; step++)
            {
                foreach (Parameter parameter in set)
                {
                    Draw.Floats(parameter.Length + step, parameter.Length).CopyTo(parameter.Gradients);
                }

                optimizer.Step();
            }

            return set.SelectMany(parameter => parameter.Values.ToArray()).ToArray();
        })];
        foreach (float[] result in results)
        {
            result.ShouldHaveTheBitsOf(results[0], "threads");
        }
    }

    [Fact]
    public void StepAllocatesNothing()
    {
        foreach (IGradientClip clip in new IGradientClip[] { new RunningClip(), new TrustClip(0.1), new CentredClip(), All() })
        {
            using ParameterSet set = Set(8);
            var model = new ModelOptimizer(set, new AdamWOptions(), new() { Clip = clip });
            Allocations.Of(() => model.Step(new LossScale(8))).Should().Be(0, clip.ToString());
        }
    }

    [Fact]
    public void CommitIsCalledForUpdatesOnly()
    {
        using ParameterSet set = Set(1);
        var told = new List<ClipStep>();
        int asked = 0;
        var clip = new FunctionClip { OfAll = step => ++asked > 0 ? 0.5 : 0, Commits = told.Add };
        var group = new ParameterGroup(new SgdOptions());
        var optimizer = new ModelOptimizer(set, [group], new() { Clip = clip, NonFinite = NonFinitePolicy.Skip });
        optimizer.Step();
        set["matrix"].Gradients[3] = float.NaN;
        optimizer.Step().Outcome.Should().Be(StepOutcome.Skipped);
        set["matrix"].Gradients[3] = float.MaxValue;
        set["matrix"].Values[3] = -float.MaxValue;
        group.RateFactor = 1e9;
        optimizer.Step().Outcome.Should().Be(StepOutcome.Skipped, "the parameter would become infinite");
        (asked, told.Count).Should().Be((2, 1));
        group.Frozen = true;
        optimizer.Step().Outcome.Should().Be(StepOutcome.NothingToUpdate);
        (group.Frozen, group.RateFactor) = (false, 1);
        set["matrix"].Gradients[3] = 1;
        optimizer.Step();
        told.Select(step => step.Update).Should().Equal(0, 1);
        told.Should().OnlyContain(step => step.GradientNorm > 0);
        clip.Apply(set, update: 7);
        told[^1].Update.Should().Be(7);
    }

    [Fact]
    public void FrozenMissingAndEmptyTensorsAreLeftOut()
    {
        using var set = new ParameterSet();
        set.AddRange(("frozen", [2]), ("missing", [2]), ("empty", [0, 3]), ("here", [2]));
        set.AddTable("no rows", 4, 2);
        set["missing"].HasGradient = false;
        var seen = new List<string>();
        var clip = new FunctionClip
        {
            Rewrites = (_, tensor) => seen.Add(tensor.Parameter.Name),
            Of = (_, tensor) =>
            {
                seen.Add(tensor.Parameter.Name);
                return 1;
            },
        };
        var frozen = new ParameterGroup(new SgdOptions()) { Where = p => p.Name == "frozen", Frozen = true };
        new ModelOptimizer(set, [frozen, new(new SgdOptions())], new() { Clip = clip }).Step();
        seen.Should().Equal("here", "here");
        seen.Clear();
        clip.Apply(set);
        seen.Should().Equal("frozen", "here", "frozen", "here");
    }

    [Fact]
    public void ClipGetsTheNormThatItChooses()
    {
        foreach ((NormKind kind, double order) in new[] { (NormKind.Infinity, 2.0), (NormKind.P, 3) })
        {
            using ParameterSet set = Set(1);
            double ofAll = 0;
            var each = new List<double>();
            var clip = new FunctionClip
            {
                NormKind = kind,
                Order = order,
                OfAll = step => (ofAll = step.GradientNorm) * 0,
                Of = (_, tensor) =>
                {
                    each.Add(tensor.GradientNorm);
                    each.Add(tensor.ValueNorm());
                    return 1;
                },
            };
            new ModelOptimizer(set, new SgdOptions(), new() { Clip = clip }).Step().GradientNorm.Should().Be(ofAll);
            ofAll.Should().BeApproximately(kind.Of([.. set.SelectMany(parameter => parameter.WritableGradients.ToArray())], order), 1e-9);
            each[0].Should().Be(kind.Of(set["matrix"].Gradients, order));
            each[1].Should().Be(kind.Of(set["matrix"].Values, order));
        }
    }

    [Fact]
    public void NormIsNaNIfNothingMeasuresIt()
    {
        using ParameterSet set = Set(1);
        double seen = 0;
        var element = new ElementClip(step => seen = step.GradientNorm);
        element.Limits.Should().BeFalse();
        new ModelOptimizer(set, new SgdOptions(), new() { Clip = element, NonFinite = NonFinitePolicy.Propagate }).Step();
        seen.Should().Be(double.NaN);
        new ModelOptimizer(set, new SgdOptions(), new() { Clip = element }).Step();
        seen.Should().BeGreaterThan(0);
    }

    [Fact]
    public void PropagateAcceptsAnyFactorForANonFiniteNorm()
    {
        using var set = new ParameterSet();
        set.AddRange(("a", [2]), ("b", [1]));
        ((float[])[float.PositiveInfinity, 1]).CopyTo(set["a"].Gradients);
        var clip = new FunctionClip { OfAll = step => double.IsInfinity(step.GradientNorm) ? 0 : 1, Of = (_, tensor) => double.IsInfinity(tensor.GradientNorm) ? double.NaN : 1 };
        new ModelOptimizer(set, new SgdOptions { LearningRate = 1 }, new() { Clip = clip, NonFinite = NonFinitePolicy.Propagate }).Step();
        set["a"].Values.ToArray().Should().OnlyContain(p => float.IsNaN(p));
        set["b"].Values[0].Should().Be(0);
    }

    private static FunctionClip All()
    {
        var centred = new CentredClip();
        return new FunctionClip
        {
            OfAll = step => Math.Min(1, 1 / step.GradientNorm),
            Of = (_, tensor) => Math.Min(1, 0.3 * tensor.ValueNorm() / tensor.GradientNorm),
            Limit = step => 0.1 + (0.01 * step.GradientNorm),
            Rewrites = centred.Rewrite,
        };
    }

    private static ParameterSet Set(double lossScale)
    {
        var set = new ParameterSet();
        set.AddRange(("matrix", [2, 3]), ("scalar", []));
        set.AddTable("table", 6, 4);
        Draw.Floats(1, 6).CopyTo(set["matrix"].Values);
        Draw.Floats(2, 6).Select(g => g * (float)lossScale).ToArray().CopyTo(set["matrix"].Gradients);
        set["scalar"].Values[0] = 7;
        set["scalar"].Gradients[0] = 0.5f * (float)lossScale;
        for (int row = 0; row < 6; row++)
        {
            set["table"].Values.Slice(row * 4, 4).Fill(row * 10);
        }

        set["table"].SetRowGradients([1, 5], [.. Draw.Floats(3, 8).Select(g => g * (float)lossScale)]);
        return set;
    }

    private static float Given(Parameter parameter, int row) => parameter.Name switch
    {
        "matrix" => Draw.Floats(2, 6)[0],
        "scalar" => 0.5f,
        _ => Draw.Floats(3, 8)[row == 1 ? 0 : 4],
    };

    private static double GivenNorm(ParameterSet set)
    {
        set.Count.Should().Be(3);
        return NormKind.Euclidean.Of([.. Draw.Floats(2, 6), 0.5f, .. Draw.Floats(3, 8)]);
    }

    private static void ShouldBeSame(ParameterSet one, ParameterSet other, string what)
    {
        foreach (Parameter parameter in one)
        {
            parameter.Values.ToArray().ShouldHaveTheBitsOf(other[parameter.Name].Values.ToArray(), $"{what} {parameter.Name}");
        }
    }

    private sealed class ElementClip(Func<ClipStep, double> see) : IElementClip
    {
        public bool Limits => false;

        public double LimitOf(ClipStep step) => see(step) is double.NaN ? double.PositiveInfinity : double.PositiveInfinity;
    }
}
