using System.Globalization;

namespace Optimizers.Tests;

/// <summary>The texts that ToString and Describe return.</summary>
public sealed class DescriptionTests
{
    [Fact]
    public void ModelDescriptionIsATable()
    {
        using var set = new ParameterSet();
        set.Add("body.weight", 64, 100);
        set.Add("body.bias", 64);
        set.AddTable("embedding", 1_000, 8);
        set.Add("head", 3).HasGradient = false;
        ParameterGroup[] groups =
        [
            new(new MuonOptions { LearningRate = 0.02 }) { Name = "matrices", Where = p => p.Shape.Count == 2 && !p.IsTable, StateFormat = StateFormat.BFloat16 },
            new(new AdamWOptions { WeightDecay = 0.1 }) { Where = p => p.IsTable, WeightDecaySchedule = new Constant(0.25) },
            new(new SgdOptions()) { RateFactor = 0.5, Frozen = true, Where = p => p.Name == "head" },
            new(new AdamWOptions { WeightDecay = 0.1 }) { Schedule = new Constant(3e-4) },
        ];
        var optimizer = new ModelOptimizer(set, groups, new ModelOptimizerOptions { Name = "net", Schedule = new Constant(0.1) });
        optimizer.Step();
        set.Add("tail", 2_000_000);
        CultureInfo before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = Commas();
        try
        {
            optimizer.Describe().Should().Be(string.Concat(
                "parameter    shape       elements  group         optimizer    rate  decay  updates  state bytes  format    notes\n",
                "body.weight  [64, 100]      6,400  0 \"matrices\"  Muon          0.1    0.1        1       12,800  BFloat16\n",
                "body.bias    [64]              64  3             AdamW      0.0003    0.1        1          512  Float32\n",
                "embedding    [1000, 8]      8,000  1             AdamW         0.1   0.25        1       64,000  Float32   table\n",
                "head         [3]                3  2             Sgd          0.05      0        0            0  none      frozen, without gradient\n",
                "tail         [2000000]  2,000,000  3             AdamW      0.0003    0.1        0   16,000,000  Float32\n",
                "\"net\": 5 parameters, 2,014,467 elements in 4 groups (Muon, AdamW, Sgd), 1 update, 16,077,312 bytes of state; ",
                "1 frozen, 1 without gradient.\n"));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    /// <summary>Each text is one line, in every culture.</summary>
    [Fact]
    public void EveryObjectDescribesItselfInOneLine()
    {
        using var set = new ParameterSet();
        set.Add("w", 2, 600).Gradients.Fill(1);
        set.Add("b", 4);
        using var many = new ParameterSet();
        many.AddRange([.. Enumerable.Range(0, 5).Select(i => ($"p{i}", (int[])[i]))]);
        using var none = new ParameterSet();
        var model = new ModelOptimizer(set, new AdamWOptions { LearningRate = 1.5e-3 });
        var clipped = new ModelOptimizer(
            many, new AdamWOptions(), new ModelOptimizerOptions { Clip = new ClipByGlobalNorm { MaximumNorm = 0.5 }, MeasureUpdates = true });
        var average = new ExponentialMovingAverage(set);
        average.Update(model.Step());
        foreach (Parameter parameter in many)
        {
            parameter.Values.Fill(1);
            parameter.Gradients.Fill(1);
        }

        many["p1"].HasGradient = false;
        StepReport report = clipped.Step();
        var adam = new Adam(33, new AdamOptions { LearningRate = 0.5 });
        adam.Step(new float[33], new float[33]);
        const string Model = "\"model\": 2 parameters, 1,204 elements in 1 group (AdamW), 1 update, 9,632 bytes of state";
        (object Value, string Line)[] lines =
        [
            (set["w"], "w [2, 600]"),
            (set["w"].Shape, "[2, 600]"),
            (set, "2 parameters, 1,204 elements: w [2, 600], b [4]"),
            (many, "5 parameters, 10 elements: p0 [0], p1 [1], p2 [2], …"),
            (none, "0 parameters, 0 elements"),
            (new ParameterGroup(new LionOptions()), "Lion, rate 0.0001, weight decay 0, all parameters"),
            (
                new ParameterGroup(new SgdOptions { LearningRate = 0.1 })
                {
                    Name = "slow", RateFactor = 0.5, WeightDecay = 0.25, Where = _ => true, Frozen = true, StateFormat = StateFormat.Half,
                },
                "\"slow\": Sgd, rate 0.1 times 0.5, weight decay 0.25, state in Half, some parameters, frozen"
            ),
            (
                new ParameterGroup(new AdamOptions()) { Schedule = new Constant(1), WeightDecaySchedule = new Constant(0) },
                "Adam, rate of Constant, weight decay of Constant, all parameters"
            ),
            (model, Model),
            (adam, "Adam of [33]: rate 0.5, weight decay 0, 1 update, 264 bytes of state in Float32 (exp_avg, exp_avg_sq)"),
            (
                new Optimizer([30, 200], new AdamWOptions(), stateFormat: StateFormat.BFloat16),
                "AdamW of [30, 200]: rate 0.001, weight decay 0.01, 0 updates, 24,000 bytes of state in BFloat16 (exp_avg, exp_avg_sq)"
            ),
            (new Sgd(2_000), "Sgd of [2000]: rate 0.001, weight decay 0, 0 updates, 0 bytes of state"),
            (new Lbfgs(5), "Lbfgs of [5]: 0 iterations, 0 evaluations, "),
            (adam.State, "1 update, 264 bytes of state in Float32 (exp_avg, exp_avg_sq)"),
            (new LossScaler(), "LossScaler: scale 65,536, 0 of 2,000 good steps to the next growth"),
            (average, "ExponentialMovingAverage: 1 update in 1 step, of 2 parameters, 1,204 elements: w [2, 600], b [4]"),
            (new WeightAverage(set), "WeightAverage: 0 updates in 0 steps, of 2 parameters, 1,204 elements: w [2, 600], b [4]"),
            (new Lookahead(model), $"Lookahead: 0 steps, slow weights every 5; {Model}"),
            (new Sam(model), $"Sam: ρ = 0.05; {Model}"),
            (new GradientAccumulator(model, new GradientAccumulatorOptions { MicroBatches = 4 }), $"GradientAccumulator: 0 of 4 micro-batches; {Model}"),
            (
                report with { LargestUpdateRatio = 1.25e-3, Skips = 1_234, LossScale = 65_536 },
                "Applied: update 0, rate 0.001, gradient norm 3, clipped by 0.166667, loss scale 65,536, update ratio 0.00125; "
                + "4 parameters updated, 1 without gradient; 1,234 steps skipped so far, 0 in a row"
            ),
        ];
        CultureInfo before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = Commas();
        try
        {
            foreach ((object value, string line) in lines)
            {
                value.ToString().Should().StartWith(line).And.NotContain("\n");
                if (!line.EndsWith(' '))
                {
                    value.ToString().Should().Be(line);
                }
            }
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void OptimizerDescriptionHasNameAndState(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        IOptimizer optimizer = variant.Make(33, variant.Options, 1);
        optimizer.ToString().Should().StartWith($"{optimizer.GetType().Name} of [").And.Contain("0 updates")
            .And.Contain(optimizer.State.SlotNames.Count == 0 ? "0 bytes of state" : $"({string.Join(", ", optimizer.State.SlotNames)})");
    }

    private static CultureInfo Commas()
    {
        var commas = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        commas.NumberFormat.NumberDecimalSeparator = ",";
        commas.NumberFormat.NumberGroupSeparator = "'";
        commas.NumberFormat.NegativeSign = "~";
        return commas;
    }
}
