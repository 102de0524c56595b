namespace Optimizers.Tests.LevelThree;

/// <summary>User rules with sums over rows, columns, tensors and groups, compared with slow loops in double.</summary>
public sealed class SumRuleTests
{
    private const int Steps = 4;

    private static readonly int[][] _shapes =
        [[], [1], [7], [0], [3, 5], [0, 4], [4, 0], [1, 20], [20, 1], [70, 33], [2, 3, 5], [2, 1, 3, 4], [3, 65, 16], [37, 141], [9, 1_030]];

    // Long enough for several threads, and too long for the slow loops.
    private static readonly int[] _long = [130, 517];

    private static readonly Dictionary<string, IOptimizerOptions> _variants = new()
    {
        ["tensor"] = new StableAdamWOptions { WeightDecay = 0.1 },
        ["tensor, coupled, maximize"] = new StableAdamWOptions { WeightDecay = 0.1, DecayForm = DecayForm.Coupled, Maximize = true },
        ["tensor, decoupled"] = new StableAdamWOptions { WeightDecay = 0.1, DecayForm = DecayForm.Decoupled },
        ["rows"] = new AdamMiniOptions(),
        ["rows, coupled, maximize"] = new AdamMiniOptions { WeightDecay = 0.1, DecayForm = DecayForm.Coupled, Maximize = true },
        ["rows, decoupled"] = new AdamMiniOptions { WeightDecay = 0.1 },
        ["rows and columns of values"] = new CentredOptions(),
        ["rows and columns of values, decoupled"] = new CentredOptions { WeightDecay = 0.1, DecayForm = DecayForm.Decoupled },
        ["rows, columns and tensor"] = new FactoredOptions<OfTensor>(),
        ["rows, columns and tensor, coupled"] = new FactoredOptions<OfTensor> { WeightDecay = 0.1, DecayForm = DecayForm.Coupled },
        ["rows, columns and group"] = new FactoredOptions<OfGroup> { WeightDecay = 0.1, Maximize = true },
        ["group"] = new MeanOfGroupOptions(),
        ["group, coupled"] = new MeanOfGroupOptions { WeightDecay = 0.1 },
        ["group, decoupled"] = new MeanOfGroupOptions { WeightDecay = 0.1, DecayForm = DecayForm.Decoupled },
    };

    public static TheoryData<string> Variants() => [.. _variants.Keys];

    [Theory]
    [MemberData(nameof(Variants))]
    public void EveryShapeMatchesTheSlowLoop(string variant)
    {
        var options = (ISlowOptions)_variants[variant];
        for (int number = 0; number < _shapes.Length; number++)
        {
            int[] shape = _shapes[number];
            float[] start = Start(number);
            var optimizer = new Optimizer(shape, options);
            float[] actual = [.. start];
            SlowTensor[] slow = [new SlowTensor(shape, start)];
            for (int t = 1; t <= Steps; t++)
            {
                optimizer.Step(actual, Gradient(number, t));
                SlowStep(options, t, slow, [Gradient(number, t)]);
            }

            ShouldFollow(actual, slow[0], $"{variant} of [{string.Join(", ", shape)}]");
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void ModelMatchesTheSlowLoop(string variant)
    {
        var options = (ISlowOptions)_variants[variant];
        using ParameterSet set = Model();
        var optimizer = new ModelOptimizer(set, options);
        SlowTensor[] slow = [.. _shapes.Select((shape, number) => new SlowTensor(shape, Start(number)))];
        for (int t = 1; t <= Steps; t++)
        {
            SetGradients(set, t, factor: 1);
            optimizer.Step();
            SlowStep(options, t, slow, [.. _shapes.Select((_, number) => Gradient(number, t))]);
        }

        for (int number = 0; number < _shapes.Length; number++)
        {
            ShouldFollow(set[$"{number}"].Values.ToArray(), slow[number], $"{variant}, {number}");
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void WidthsThreadsAndLevelsGiveTheSameBits(string variant)
    {
        IOptimizerOptions options = _variants[variant];
        foreach (StateFormat format in Enum.GetValues<StateFormat>())
        {
            foreach (int number in new[] { 9, 12, 13, 14, _shapes.Length })
            {
                Outcome expected = Run(new Optimizer(Shape(number), options, 1, 1, format), number);
                foreach ((int threads, int width) in new[] { (3, 4), (2, 8), (5, 16), (7, 1) })
                {
                    Run(new Optimizer(Shape(number), options, threads, width, format), number)
                        .ShouldHaveTheBitsOf(expected, $"{variant}, {format}, {number}, {threads} threads in lanes of {width}");
                }

                using var set = new ParameterSet();
                set.Add("all", Shape(number));
                Start(number).CopyTo(set["all"].Values);
                var model = new ModelOptimizer(set, [new ParameterGroup(options) { StateFormat = format }], new() { Threads = 3, MeasureUpdates = true });
                for (int t = 1; t <= Steps; t++)
                {
                    Gradient(number, t).CopyTo(set["all"].Gradients);
                    model.Step();
                }

                new Outcome(set["all"].Values.ToArray(), model.StateOf("all").Save()).ShouldHaveTheBitsOf(expected, $"{variant}, {format}, model");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void TrainingOptionsEqualPreparedGradients(string variant)
    {
        IOptimizerOptions options = _variants[variant];
        using ParameterSet expectedSet = Model();
        using ParameterSet set = Model();
        foreach ((string what, ModelOptimizerOptions training, Func<float, float> prepare) in new (string, ModelOptimizerOptions, Func<float, float>)[]
                 {
                     ("zeroing", new() { ZeroGradients = true }, g => g),
                     ("value clip and zeroing", new() { Clip = new ClipByValue { Limit = 0.25 }, ZeroGradients = true }, g => Math.Clamp(g, -0.25f, 0.25f)),
                     ("value clip", new() { Clip = new ClipByValue { Limit = 0.25 }, Threads = 3 }, g => Math.Clamp(g, -0.25f, 0.25f)),
                     ("loss scale", new() { LossScaler = new LossScaler(new() { InitialScale = 2 }), NonFinite = NonFinitePolicy.Skip }, g => 0.5f * g),
                 })
        {
            var expected = new ModelOptimizer(expectedSet, options);
            var optimizer = new ModelOptimizer(set, options, training);
            for (int number = 0; number < _shapes.Length; number++)
            {
                Start(number).CopyTo(expectedSet[$"{number}"].Values);
                Start(number).CopyTo(set[$"{number}"].Values);
            }

            for (int t = 1; t <= Steps; t++)
            {
                SetGradients(expectedSet, t, 1);
                SetGradients(set, t, 1);
                foreach (Parameter parameter in expectedSet)
                {
                    foreach (ref float g in parameter.Gradients)
                    {
                        g = prepare(g);
                    }
                }

                expected.Step();
                optimizer.Step();
                ShouldBeTheSame(expectedSet, expected, set, optimizer, $"{variant}, {what}");
                set.All(parameter => parameter.Gradients.ToArray().All(g => g == 0)).Should().Be(training.ZeroGradients, what);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void SumsUseTheClippedGradient(string variant)
    {
        IOptimizerOptions options = _variants[variant];
        foreach (IGradientClip clip in new IGradientClip[] { new ClipByGlobalNorm { MaximumNorm = 0.5 }, new ClipByNorm { MaximumNorm = 0.5 } })
        {
            using var set = new ParameterSet();
            set.Add("all", 70, 33);
            var model = new ModelOptimizer(set, options, new() { Clip = clip });
            var plain = new Optimizer([70, 33], options);
            Start(9).CopyTo(set["all"].Values);
            float[] expected = Start(9);
            for (int t = 1; t <= Steps; t++)
            {
                float[] gradient = Gradient(9, t);
                gradient.CopyTo(set["all"].Gradients);
                model.Step();
                double norm = Math.Sqrt(gradient.Sum(g => (double)g * g));
                float factor = (float)Math.Min(1, 0.5 / (norm + 1e-6));
                plain.Step(expected, [.. gradient.Select(g => factor * g)]);
                for (int i = 0; i < expected.Length; i++)
                {
                    set["all"].Values[i].Should().BeApproximately(expected[i], 2e-6f, $"{variant}, {clip}, element {i}");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void RateZeroUpdatesTheStateAndNoParameter(string variant)
    {
        IOptimizerOptions options = _variants[variant];
        foreach (StateFormat format in Enum.GetValues<StateFormat>())
        {
            var optimizer = new Optimizer(_shapes[13], options, 3, format);
            float[] parameters = Start(13);
            optimizer.Step(parameters, Gradient(13, 1), 0);
            parameters.ShouldHaveTheBitsOf(Start(13), $"{variant}, {format}");
            optimizer.State.Iteration.Should().Be(1);
            optimizer.State.SlotNames.Should().Contain(name => ReadSlot(optimizer.State, name).Any(value => value != 0));
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void TrialStepGivesTheSameBitsAndARefusedStepChangesNothing(string variant)
    {
        IOptimizerOptions options = _variants[variant];
        foreach (StateFormat format in Enum.GetValues<StateFormat>())
        {
            // With the bound of these options, every step with such gradients is tried on a copy first.
            var tried = new Optimizer(_shapes[13], new Bounded(options), 1, format) { NonFinite = NonFinitePolicy.Skip };
            var plain = new Optimizer(_shapes[13], options, 1, format);
            float[] actual = Start(13);
            float[] expected = Start(13);
            for (int t = 1; t <= Steps; t++)
            {
                tried.Step(actual, Gradient(13, t));
                plain.Step(expected, Gradient(13, t));
                float[] wrong = Gradient(13, t);
                wrong[1_234] = t % 2 == 0 ? float.NaN : float.NegativeInfinity;
                tried.Step(actual, wrong);
            }

            tried.Skips.Should().Be(Steps);
            new Outcome(actual, tried.State.Save()).ShouldHaveTheBitsOf(new Outcome(expected, plain.State.Save()), $"{variant}, {format}");
        }
    }

    [Fact]
    public void FiniteGradientThatOverflowsASumThrows()
    {
        foreach (string variant in new[] { "rows", "rows, columns and tensor", "rows, columns and group" })
        {
            var optimizer = new Optimizer([3, 5], _variants[variant]) { NonFinite = NonFinitePolicy.Throw };
            float[] parameters = Start(4);
            optimizer.Step(parameters, Gradient(4, 1));
            Outcome before = new([.. parameters], optimizer.State.Save());
            float[] huge = Gradient(4, 2);
            huge[7] = 3e38f;
            optimizer.Invoking(o => o.Step(parameters, huge)).Should().Throw<NonFiniteGradientException>()
                .Which.Index.Should().Be(7);
            new Outcome(parameters, optimizer.State.Save()).ShouldHaveTheBitsOf(before, variant);
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void ClonedAndResumedRunsHaveTheSameBits(string variant)
    {
        IOptimizerOptions options = _variants[variant];
        using var folder = new TemporaryFolder();
        foreach (StateFormat format in Enum.GetValues<StateFormat>())
        {
            Outcome expected = Run(new Optimizer(_shapes[13], options, 2, format), 13);
            var first = new Optimizer(_shapes[13], options, 2, format);
            float[] parameters = Start(13);
            first.Step(parameters, Gradient(13, 1));
            first.Step(parameters, Gradient(13, 2));
            var loaded = new Optimizer(_shapes[13], options, 3, format);
            loaded.State.Load(first.State.Save());
            foreach (IOptimizer second in new[] { loaded, first.Clone() })
            {
                float[] continued = [.. parameters];
                second.Step(continued, Gradient(13, 3));
                second.Step(continued, Gradient(13, 4));
                new Outcome(continued, second.State.Save()).ShouldHaveTheBitsOf(expected, $"{variant}, {format}");
            }

            using ParameterSet whole = Model();
            using ParameterSet resumed = Model();
            var uninterrupted = new ModelOptimizer(whole, [new ParameterGroup(options) { StateFormat = format }]);
            var again = new ModelOptimizer(resumed, [new ParameterGroup(options) { StateFormat = format }]);
            for (int t = 1; t <= Steps; t++)
            {
                SetGradients(whole, t, 1);
                uninterrupted.Step();
                if (t == 2)
                {
                    new Checkpoint(uninterrupted).Save(folder["run"]);
                    new Checkpoint(again).Load(folder["run"]);
                }
                else if (t > 2)
                {
                    SetGradients(resumed, t, 1);
                    again.Step();
                }
            }

            ShouldBeTheSame(whole, uninterrupted, resumed, again, $"{variant}, {format}");
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void StepAllocatesNothing(string variant)
    {
        var optimizer = new Optimizer(_shapes[9], _variants[variant], 1);
        float[] parameters = Start(9);
        float[] gradient = Gradient(9, 1);
        optimizer.Step(parameters, gradient);
        Allocations.Of(() => optimizer.Step(parameters, gradient)).Should().Be(0);
    }

    [Fact]
    public void RowAndColumnSlotsHaveOneFloat32EachInEveryFormat()
    {
        foreach (StateFormat format in Enum.GetValues<StateFormat>())
        {
            var optimizer = new Optimizer([3, 65, 40], new FactoredOptions<OfTensor>(), 1, format);
            ReadSlot(optimizer.State, "rows", 3 * 65).Should().OnlyContain(value => value == 0);
            ReadSlot(optimizer.State, "columns", 3 * 40);
            ReadSlot(optimizer.State, "exp_avg", 3 * 65 * 40);
            optimizer.State.Format.Should().Be(format);
        }

        new Optimizer([130, 517], new AdamMiniOptions()).State.Bytes.Should().Be((130 * 517 * 4) + (130 * 4));
        new Optimizer([3, 5], new CentredOptions()).State["row_mean"].ToArray().Should().Equal(0.25f, 0.25f, 0.25f);
        new Optimizer([5], new AdamMiniOptions()).State["exp_avg_sq"].Length.Should().Be(1, "a vector is one row");
    }

    [Fact]
    public void RowSlotsNeedNoNonNegativeDeclaration()
    {
        var optimizer = new Optimizer([70, 33], new FactoredOptions<OfTensor>());
        float[] parameters = Start(9);
        optimizer.Step(parameters, Gradient(9, 1));
        optimizer.State["rows"].ToArray().Should().OnlyContain(value => value > 0);
        optimizer.State.CheckSlots().Should().BeEmpty();
    }

    [Fact]
    public void CautiousStepMovesOnlyAgainstTheGradient()
    {
        foreach (IOptimizerOptions options in new IOptimizerOptions[]
                 {
                     new StableAdamWOptions { Cautious = true },
                     new FactoredOptions<OfTensor> { Cautious = true },
                     new FactoredOptions<OfGroup> { Cautious = true },
                     new MeanOfGroupOptions { Cautious = true },
                 })
        {
            float[] parameters = Start(9);
            var optimizer = new Optimizer(_shapes[9], options, 3);
            int resting = 0;
            for (int t = 1; t <= Steps; t++)
            {
                float[] before = [.. parameters];
                float[] gradient = Gradient(9, t);
                optimizer.Step(parameters, gradient);
                for (int i = 0; i < gradient.Length; i++)
                {
                    ((parameters[i] - before[i]) * gradient[i]).Should().BeLessThanOrEqualTo(0, $"{options}, element {i}");
                    resting += parameters[i] == before[i] ? 1 : 0;
                }
            }

            resting.Should().BeGreaterThan(100, $"with random gradients, some moments of {options} have another sign than the gradient");
        }

        FluentActions.Invoking(() => new Optimizer([3, 5], new AdamMiniOptions { Cautious = true }))
            .Should().Throw<ArgumentException>().WithMessage("*Cautious*AdamMiniOptions*sums over rows*MeasuringOfLines*");
    }

    [Fact]
    public void SparseGradientsThrow()
    {
        foreach (IOptimizerOptions options in new IOptimizerOptions[]
                 {
                     new StableAdamWOptions { TakesRows = true }, new AdamMiniOptions { TakesRows = true }, new CentredOptions { TakesRows = true },
                     new FactoredOptions<OfTensor> { TakesRows = true }, new MeanOfGroupOptions { TakesRows = true },
                 })
        {
            var optimizer = new Optimizer([4, 3], options);
            float[] parameters = new float[12];
            FluentActions.Invoking(() => optimizer.Step(parameters, new RowGradients([1], [1, 2, 3], 3)))
                .Should().Throw<NotSupportedException>().WithMessage($"*{options.GetType().Name}*sums over the whole tensor*");
            parameters.Should().OnlyContain(value => value == 0);
            using var set = new ParameterSet();
            set.AddTable("table", 4, 3);
            FluentActions.Invoking(() => new ModelOptimizer(set, options)).Should().Throw<ArgumentException>().WithMessage("*sums over the whole tensor*");
        }
    }

    [Fact]
    public void WrongDefinitionThrowsAndNamesTheRightMethod()
    {
        var elements = new StateSlot("a");
        var rows = new StateSlot("b") { Extent = SlotExtent.Rows };
        var unknown = new StateSlot("c") { Extent = (SlotExtent)7 };
        foreach ((Func<OptimizerDefinition> define, string argument, string message) in new (Func<OptimizerDefinition>, string, string)[]
                 {
                     (() => OptimizerDefinition.Elementwise(s => new AdamMiniOptions.Rule(s), elements, rows), "slots", "*\"b\"*row*ILineRule*OptimizerDefinition.OfLines.*"),
                     (() => OptimizerDefinition.OfLines(s => new AdamMiniOptions.Rule(s), elements, new StateSlot("d")), "slots", "*Extent*Elementwise*"),
                     (() => OptimizerDefinition.OfLines(s => new AdamMiniOptions.Rule(s), rows), "slots", "*2 state slots, but 1*"),
                     (() => OptimizerDefinition.OfLines(s => new AdamMiniOptions.Rule(s), elements, rows, elements), "slots", "*2 state slots, but 3*"),
                     (() => OptimizerDefinition.OfLines(s => new AdamMiniOptions.Rule(s), rows, rows), "slots", "*\"b\"*"),
                     (() => OptimizerDefinition.OfLines(s => new AdamMiniOptions.Rule(s), rows, unknown), "slots", "*Extent*\"c\"*7*"),
                     (() => OptimizerDefinition.OfLines(s => new AdamMiniOptions.Rule(s), rows, null!), "slots", "*slots[1]*"),
                     (() => OptimizerDefinition.OfLines(s => new AdamMiniOptions.Rule(s), null!), "slots", "*"),
                     (() => OptimizerDefinition.OfLines((Func<StepScalars, AdamMiniOptions.Rule>)null!, elements, rows), "rule", "*"),
                     (() => OptimizerDefinition.OfLines((RuleFactory<AdamMiniOptions.Rule>)null!, [], elements, rows), "rule", "*"),
                     (() => OptimizerDefinition.OfLines((_, _) => default(AdamMiniOptions.Rule), null!, elements, rows), "scalars", "*"),
                     (() => OptimizerDefinition.OfLines((_, _) => default(AdamMiniOptions.Rule), [new StateScalar("")], elements, rows), "scalars", "*scalars[0]*"),
                     (() => OptimizerDefinition.Measuring(s => new StableAdamWOptions.Rule(s, 0), elements, rows), "slots", "*\"b\"*OptimizerDefinition.MeasuringOfLines.*"),
                     (() => OptimizerDefinition.Measuring(s => new StableAdamWOptions.Rule(s, 0), elements), "slots", "*2 state slots, but 1*"),
                     (() => OptimizerDefinition.Elementwise(s => new StableAdamWOptions.Rule(s, 0), elements, new StateSlot("d")), "rule", "*measures*OptimizerDefinition.Measuring.*"),
                     (() => OptimizerDefinition.OfLines(s => new FactoredOptions<OfTensor>.Rule(s), elements, rows, new StateSlot("d")), "rule", "*measures*OptimizerDefinition.MeasuringOfLines.*"),
                     (() => OptimizerDefinition.MeasuringOfLines(s => new FactoredOptions<OfTensor>.Rule(s), elements, new StateSlot("e"), new StateSlot("d")), "slots", "*Extent*Measuring*"),
                 })
        {
            define.Should().Throw<ArgumentException>().WithMessage(message).WithParameterName(argument);
        }

        FluentActions.Invoking(() => new Optimizer(3, new NullOptions())).Should().Throw<InvalidOperationException>().WithMessage("*NullOptions.Define returned null*");
    }

    private static float[] Start(int number) => Draw.Floats(number + 1, Length(number));

    private static float[] Gradient(int number, int t) => Draw.Floats((100 * t) + number, Length(number));

    private static int[] Shape(int number) => number == _shapes.Length ? _long : _shapes[number];

    private static int Length(int number) => Shape(number).Aggregate(1, (product, length) => product * length);

    private static float[] ReadSlot(OptimizerState state, string name, int length)
    {
        var values = new float[length];
        state.Read(name, values);
        return values;
    }

    private static float[] ReadSlot(OptimizerState state, string name) => ReadSlot(state, name, state.Slots.Single(slot => slot.Declared.Name == name).Length);

    private static Outcome Run(Optimizer optimizer, int number) =>
        Outcome.Of(optimizer, Start(number), Enumerable.Range(1, Steps).Select(t => Gradient(number, t)));

    private static ParameterSet Model()
    {
        var set = new ParameterSet();
        set.AddRange([.. _shapes.Select((shape, number) => ($"{number}", shape))]);
        for (int number = 0; number < _shapes.Length; number++)
        {
            Start(number).CopyTo(set[$"{number}"].Values);
        }

        return set;
    }

    private static void SetGradients(ParameterSet set, int t, float factor)
    {
        for (int number = 0; number < _shapes.Length; number++)
        {
            Gradient(number, t).Select(g => factor * g).ToArray().CopyTo(set[$"{number}"].Gradients);
        }
    }

    private static void SlowStep(ISlowOptions options, int t, SlowTensor[] tensors, float[][] gradients)
    {
        for (int number = 0; number < tensors.Length; number++)
        {
            SlowTensor tensor = tensors[number];
            for (int i = 0; i < tensor.P.Length; i++)
            {
                double g = options.Maximize ? -gradients[number][i] : gradients[number][i];
                tensor.G[i] = options.DecayForm == DecayForm.Coupled ? g + (options.WeightDecay * tensor.P[i]) : g;
            }
        }

        // The sums use the parameter before a decoupled decay. The step does not read the parameter, so the order does not matter.
        double factor = options.DecayForm == DecayForm.Decoupled ? 1 - (options.LearningRate * options.WeightDecay) : 1;
        double[][] before = [.. tensors.Select(tensor => (double[])tensor.P.Clone())];
        options.Step(t, tensors);
        for (int number = 0; number < tensors.Length; number++)
        {
            for (int i = 0; i < before[number].Length; i++)
            {
                tensors[number].P[i] -= (1 - factor) * before[number][i];
            }
        }
    }

    private static void ShouldFollow(float[] actual, SlowTensor expected, string what)
    {
        actual.Length.Should().Be(expected.P.Length, what);
        for (int i = 0; i < actual.Length; i++)
        {
            Math.Abs(actual[i] - expected.P[i]).Should().BeLessThan(2e-5 * Math.Max(1, Math.Abs(expected.P[i])), $"{what}, element {i}");
        }
    }

    private static void ShouldBeTheSame(ParameterSet expectedSet, ModelOptimizer expected, ParameterSet set, ModelOptimizer optimizer, string what)
    {
        foreach (Parameter parameter in expectedSet)
        {
            new Outcome(set[parameter.Name].Values.ToArray(), optimizer.StateOf(parameter.Name).Save()).ShouldHaveTheBitsOf(
                new Outcome(parameter.Values.ToArray(), expected.StateOf(parameter.Name).Save()), $"{what}, {parameter.Name}");
        }
    }

    /// <summary>The same optimizer with a low safe magnitude.</summary>
    private sealed record Bounded(IOptimizerOptions Inner) : IOptimizerOptions
    {
        public double LearningRate => Inner.LearningRate;

        public double WeightDecay => Inner.WeightDecay;

        public DecayForm DecayForm => Inner.DecayForm;

        public bool Maximize => Inner.Maximize;

        public double SafeMagnitude => 1e-3;

        public OptimizerDefinition Define() => Inner.Define();
    }

    private sealed record NullOptions : IOptimizerOptions
    {
        public double LearningRate => 1;

        public OptimizerDefinition Define() => null!;
    }
}
