namespace Optimizers.Tests;

/// <summary>Everything that reads gradients works with those of another library.</summary>
public sealed class AutogradTests
{
    private const int Steps = 13;

    private static readonly Dictionary<string, Action<Rig>> _uses = new()
    {
        ["steps"] = rig => rig.Train(new(), rig.Step),
        ["clipped steps"] = rig => rig.Train(new() { Clip = new ClipByGlobalNorm { MaximumNorm = 0.3 } }, rig.Step),
        ["steps with a clip that rewrites"] = rig => rig.Train(new() { Clip = new AdaptiveClip() }, rig.Step),
        ["steps that zero gradients"] = rig => rig.Train(new() { ZeroGradients = true }, rig.Step),
        ["steps on two threads"] = rig => rig.Train(new() { Threads = 2 }, rig.Step),
        ["steps of which some are skipped"] = rig => rig.Train(new() { NonFinite = NonFinitePolicy.Skip }, rig.Step, step => step % 4 == 2),
        ["steps with a loss scaler"] = rig => rig.Train(
            new() { LossScaler = new LossScaler(new() { InitialScale = 4, GrowthInterval = 2 }) }, rig.Step, step => step % 4 == 2),
        ["a group that is frozen for a time"] = rig => rig.Train(new(), (model, step) =>
        {
            model.Groups[0].Frozen = step is > 3 and < 8;
            rig.Step(model, step);
        }),
        ["clips by hand"] = rig => rig.Train(new(), (model, step) =>
        {
            rig.Backward(step);
            rig.Note(new ClipByGlobalNorm { MaximumNorm = 0.2 }.Apply(rig.Set));
            rig.Update(model);
        }),
        ["clips of one parameter"] = rig => rig.Train(new(), (model, step) =>
        {
            rig.Backward(step);
            rig.Note(new ClipByNorm { MaximumNorm = 0.2 }.Apply(rig.Set["matrix"]));
            rig.Update(model);
        }),
        ["two backward passes a step"] = rig => rig.Train(new(), (model, step) =>
        {
            rig.Backward(step);
            rig.Backward(100 + step);
            rig.Update(model);
        }),
        ["a pass that is dropped"] = rig => rig.Train(new(), (model, step) =>
        {
            rig.Backward(100 + step);
            rig.Set.ZeroGradients();
            rig.Step(model, step);
        }),
        ["accumulated micro-batches"] = rig => Accumulate(rig, new() { MicroBatches = 3 }),
        ["a sum of micro-batches"] = rig => Accumulate(rig, new() { MicroBatches = 4, Mean = false }),
        ["single micro-batches"] = rig => Accumulate(rig, new() { MicroBatches = 1 }),
        ["accumulated micro-batches with a clip that rewrites"] = rig => Accumulate(rig, new() { MicroBatches = 3 }, new() { Clip = new AdaptiveClip(), ZeroGradients = true }),
        ["discarded micro-batches"] = rig =>
        {
            GradientAccumulator? accumulator = null;
            rig.Train(new(), (model, step) =>
            {
                accumulator ??= new GradientAccumulator(model, new() { MicroBatches = 3 });
                rig.Backward(step);
                rig.Note(accumulator.Step());
                if (step % 5 == 1)
                {
                    accumulator.Discard();
                }
            });
        },
        ["a flush with gradients that were not accumulated"] = rig =>
        {
            GradientAccumulator? accumulator = null;
            rig.Train(new(), (model, step) =>
            {
                accumulator ??= new GradientAccumulator(model, new() { MicroBatches = 5 });
                rig.Backward(step);
                rig.Note(accumulator.Step());
                if (step % 3 == 2)
                {
                    rig.Backward(200 + step);
                    rig.Note(accumulator.Flush());
                }
            });
        },
        ["SAM in two calls"] = rig =>
        {
            Sam? sam = null;
            rig.Train(new(), (model, step) =>
            {
                sam ??= new Sam(model, new() { Rho = 0.3 });
                rig.Backward(step);
                rig.Note(sam.Ascend());
                rig.Backward(100 + step);
                rig.Note(sam.Step());
                rig.Zero();
            });
        },
        ["SAM with a function"] = rig =>
        {
            Sam? sam = null;
            rig.Train(new(), (model, step) =>
            {
                sam ??= new Sam(model, new() { Rho = 0.3, Adaptive = true });
                int pass = 0;
                rig.Note(sam.Step(() => rig.Backward((100 * pass++) + step)));
                rig.Zero();
            });
        },
        ["SAM of accumulated micro-batches"] = rig =>
        {
            Sam? sam = null;
            rig.Train(new(), (model, step) =>
            {
                sam ??= new Sam(new GradientAccumulator(model, new() { MicroBatches = 2 }), new() { Rho = 0.3 });
                int pass = 0;
                rig.Note(sam.Step(() => rig.Backward((100 * pass++) + step)));
            });
        },
        ["Lookahead"] = rig =>
        {
            Lookahead? lookahead = null;
            rig.Train(new(), (model, step) =>
            {
                lookahead ??= new Lookahead(model, new() { SynchronizationPeriod = 3 });
                rig.Backward(step);
                rig.Note(lookahead.Step());
                rig.Zero();
            });
        },
        ["a range test of rates"] = rig =>
        {
            rig.Train(new(), rig.Step);
            int step = 0;
            RateReport report = RateFinder.Find(rig.Model!, _ => rig.LossOf(rig.Model!, step++), new() { Points = 10, Smoothing = 0, LowestRate = 1e-3, HighestRate = 0.5 });
            rig.Note(string.Join(' ', report.Points));
        },
        ["a sweep of rates"] = rig =>
        {
            rig.Train(new(), rig.Step);
            RateSweepReport report = RateSweep.Try(rig.Model!, (_, step) => rig.LossOf(rig.Model!, step), new() { Rates = [1e-3, 1e-2], Steps = 4 });
            rig.Note(string.Join(' ', report.Runs));
        },
        ["L-BFGS"] = rig =>
        {
            var optimizer = new Lbfgs((int)rig.Set.ElementCount, new() { LineSearch = LineSearch.StrongWolfe, MaximumIterations = 6 });
            for (int step = 0; step < 3; step++)
            {
                rig.Note(optimizer.Step(rig.Set, rig.Quadratic));
                rig.Zero();
            }
        },
    };

    public static TheoryData<string> Uses() => [.. _uses.Keys];

    [Theory]
    [MemberData(nameof(Uses))]
    public void GradientsOfAnotherLibraryGiveTheSameBits(string name)
    {
        using var own = new Rig(isSource: false);
        using var other = new Rig(isSource: true);
        _uses[name](own);
        _uses[name](other);
        other.Notes.Should().Equal(own.Notes);
        other.Values.ShouldHaveTheBitsOf(own.Values, "values");
        own.Values.Should().NotEqual(new Rig(isSource: false).Values, "the model was trained");
        foreach (Parameter parameter in own.Set)
        {
            if (own.Model is { } model)
            {
                other.Model!.StateOf(parameter.Name).Save().ShouldHaveTheBitsOf(model.StateOf(parameter.Name).Save(), parameter.Name);
            }

            other.Set[parameter.Name].HasGradientBuffer.Should().BeFalse("the source has released its gradients");
            other.Set[parameter.Name].HasGradient.Should().BeTrue("the setting of the user stays");
        }

        other.Source!.Released.Should().NotBeEmpty();
    }

    [Theory]
    [InlineData("step", true)]
    [InlineData("skipped step", true)]
    [InlineData("clip", false)]
    [InlineData("clip of one parameter", false)]
    [InlineData("flush of a model", null)]
    [InlineData("flush without micro-batches", false)]
    [InlineData("micro-batch", true)]
    [InlineData("last micro-batch", true, true)]
    [InlineData("flush", true, true)]
    [InlineData("discard", true)]
    [InlineData("ascent", true)]
    [InlineData("SAM", true, true)]
    [InlineData("Lookahead", true)]
    [InlineData("save", null)]
    public void EachOperationTakesTheGradientsOnce(string operation, params bool[]? used)
    {
        using var rig = new Rig(isSource: true);
        var model = new ModelOptimizer(rig.Set, new AdamOptions(), new() { NonFinite = NonFinitePolicy.Skip });
        var accumulator = new GradientAccumulator(model, new() { MicroBatches = 2 });
        rig.Backward(1, withNaN: operation == "skipped step");
        switch (operation)
        {
            case "step":
                model.Step().Outcome.Should().Be(StepOutcome.Applied);
                break;
            case "skipped step":
                model.Step().Outcome.Should().Be(StepOutcome.Skipped);
                break;
            case "clip":
                new ClipByValue { Limit = 0.01f }.Apply(rig.Set);
                rig.Source!["matrix"].Should().OnlyContain(g => Math.Abs(g) <= 0.01f, "the gradients are clipped in the memory of the source");
                break;
            case "clip of one parameter":
                new ClipByNorm().Apply(rig.Set["vector"]);
                break;
            case "flush of a model":
                ((IModelOptimizer)model).Flush();
                break;
            case "flush without micro-batches":
                accumulator.Flush().Outcome.Should().Be(StepOutcome.NothingToUpdate);
                rig.Source!["matrix"].Should().NotBeNull();
                break;
            case "micro-batch":
                accumulator.Step().Outcome.Should().Be(StepOutcome.Accumulated);
                break;
            case "last micro-batch":
                accumulator.Step();
                rig.Backward(2);
                accumulator.Step().Outcome.Should().Be(StepOutcome.Applied);
                break;
            case "flush":
                accumulator.Step();
                accumulator.Flush().Outcome.Should().Be(StepOutcome.Applied);
                break;
            case "discard":
                accumulator.Step();
                accumulator.Discard();
                break;
            case "ascent":
                new Sam(model).Ascend();
                break;
            case "SAM":
                new Sam(model).Step(() => rig.Backward(1));
                break;
            case "Lookahead":
                new Lookahead(model).Step();
                break;
            case "save":
                CheckpointBytes.Of(new Checkpoint(model));
                break;
        }

        rig.Source!.ShouldHaveReleased(used ?? []);
    }

    [Fact]
    public void FailedStepLeavesTheGradientsToTheUser()
    {
        using var rig = new Rig(isSource: true);
        var model = new ModelOptimizer(rig.Set, new AdamOptions());
        rig.Backward(1, withNaN: true);
        float[] gradient = rig.Source!["matrix"]!;
        float[] before = rig.Values;
        model.Invoking(m => m.Step()).Should().Throw<NonFiniteGradientException>().Which.ParameterName.Should().Be("matrix");
        rig.Source.ShouldHaveReleased(false);
        rig.Source["matrix"].Should().BeSameAs(gradient);
        rig.Values.ShouldHaveTheBitsOf(before, "values");
        gradient[^1] = 0;
        model.Step().Applied.Should().BeTrue();
        rig.Source.ShouldHaveReleased(true);
        rig.Source["matrix"].Should().BeNull();
    }

    [Fact]
    public void FailedUpdateOfAnAccumulatorClearsTheGradients()
    {
        using var rig = new Rig(isSource: true);
        var model = new ModelOptimizer(rig.Set, new AdamOptions());
        var accumulator = new GradientAccumulator(model, new() { MicroBatches = 2 });
        rig.Backward(1);
        accumulator.Step();
        rig.Backward(2);
        accumulator.Invoking(a => a.Step(new LossScale(2))).Should().Throw<ArgumentException>("the loss scale differs");
        rig.Source!.ShouldHaveReleased(true, false);
        rig.Source["matrix"].Should().NotBeNull();
        rig.Backward(3, withNaN: true);
        accumulator.Invoking(a => a.Step()).Should().Throw<NonFiniteGradientException>();
        rig.Source.ShouldHaveReleased(true);
        accumulator.Accumulated.Should().Be(0);
        rig.Backward(4);
        accumulator.Step();
        rig.Backward(5);
        accumulator.Step().Applied.Should().BeTrue();
    }

    [Fact]
    public void SourceThatThrowsIsReleased()
    {
        using var rig = new Rig(isSource: true);
        var model = new ModelOptimizer(rig.Set, new AdamOptions());
        foreach (Action use in (Action[])
                 [
                     () => model.Step(),
                     () => new ClipByGlobalNorm().Apply(rig.Set),
                     () => new GradientAccumulator(model, new() { MicroBatches = 2 }).Step(),
                     () => new Sam(model).Ascend(),
                 ])
        {
            rig.Backward(1);
            rig.Source!.Taking = () => throw new TimeoutException("the source's own");
            use.Should().Throw<TimeoutException>();
            rig.Source.ShouldHaveReleased(false);
            rig.Source.Taking = null;
        }

        model.Step().Applied.Should().BeTrue();
        rig.Source!.ShouldHaveReleased(true);
    }

    [Fact]
    public void FunctionOfSamThatThrowsEndsTheUse()
    {
        using var rig = new Rig(isSource: true);
        var sam = new Sam(new ModelOptimizer(rig.Set, new AdamOptions()));
        float[] before = rig.Values;
        int pass = 0;
        sam.Invoking(s => s.Step(() =>
        {
            rig.Backward(pass++);
            if (pass == 2)
            {
                throw new TimeoutException("the function's own");
            }
        })).Should().Throw<TimeoutException>();
        rig.Source!.ShouldHaveReleased(true);
        rig.Values.ShouldHaveTheBitsOf(before, "values");
    }

    [Fact]
    public void GradientsAreReadOnlyWhileTheyAreTaken()
    {
        using var rig = new Rig(isSource: true);
        var model = new ModelOptimizer(rig.Set, new AdamOptions());
        rig.Backward(1);
        rig.Set["matrix"].Invoking(p => p.Gradients.Length).Should().Throw<InvalidOperationException>().WithMessage("*no gradient buffer*");
        rig.Set.ZeroGradients();
        rig.Source!.Cleared.Should().Be(1);
        model.Step().Outcome.Should().Be(StepOutcome.NothingToUpdate);
        rig.Set.GradientSource.Should().BeSameAs(rig.Source);
        rig.Backward(2);
        rig.Source.Taking = () => rig.Set.GradientSource = null;
        model.Invoking(m => m.Step()).Should().Throw<InvalidOperationException>().WithMessage("*using the gradients*");
        rig.Source.Taking = null;
        model.Step().Applied.Should().BeTrue();
        rig.Set.GradientSource = null;
        model.Step().Outcome.Should().Be(StepOutcome.NothingToUpdate);
        rig.Source.ShouldHaveReleased(true, false, true);
    }

    [Fact]
    public void SumsInTheGradientBuffersAreRefused()
    {
        using var rig = new Rig(isSource: true);
        var model = new ModelOptimizer(rig.Set, new AdamOptions(), new() { ZeroGradients = true });
        FluentActions.Invoking(() => new GradientAccumulator(model, new() { MicroBatches = 2, AddsInPlace = true }))
            .Should().Throw<ArgumentException>().WithParameterName("AddsInPlace").WithMessage("*GradientSource*");
    }

    [Fact]
    public void DisposedSetTakesNothing()
    {
        var rig = new Rig(isSource: true);
        var model = new ModelOptimizer(rig.Set, new AdamOptions());
        rig.Backward(1);
        rig.Dispose();
        model.Invoking(m => m.Step()).Should().Throw<ObjectDisposedException>();
        rig.Set.Invoking(s => s.ZeroGradients()).Should().Throw<ObjectDisposedException>();
        rig.Source!.ShouldHaveReleased();
    }

    [Fact]
    public void AccumulatedStepsAllocateNothing()
    {
        using var set = new ParameterSet();
        Parameter[] views = [set.AddView("a", [500], Draw.Floats(1, 500)), set.AddView("b", [30], Draw.Floats(2, 30))];
        set.GradientSource = new Alternating(views);
        var accumulator = new GradientAccumulator(new ModelOptimizer(set, new AdamOptions(), new() { ZeroGradients = true }), new() { MicroBatches = 2 });
        Allocations.Of(() =>
        {
            accumulator.Step();
            accumulator.Step();
        }).Should().Be(0);
    }

    private static void Accumulate(Rig rig, GradientAccumulatorOptions options, ModelOptimizerOptions? model = null)
    {
        GradientAccumulator? accumulator = null;
        rig.Train(model ?? new(), (optimizer, step) =>
        {
            accumulator ??= new GradientAccumulator(optimizer, options);
            rig.Backward(step);
            rig.Note(accumulator.Step());
        });
        rig.Note(accumulator!.Flush());
    }

    [Fact]
    public void OnlyAnUpdateCountsAsAChangeOfValues()
    {
        using var set = new ParameterSet();
        Parameter parameter = set.AddView("weight", [3], new float[] { 1, 2, 3 });
        var engine = new FakeAutograd(set);
        var accumulator = new GradientAccumulator(new ModelOptimizer(set, new SgdOptions { LearningRate = 0.1 }), new() { MicroBatches = 2 });
        engine.Add(parameter, [1, 1, 1]);
        accumulator.Step();
        engine.ValuesChanged.Should().BeFalse("a micro-batch leaves the values as they are");
        engine.Add(parameter, [1, 1, 1]);
        accumulator.Step();
        engine.ValuesChanged.Should().BeTrue("the update changes them");
    }

    /// <summary>Gradients in other arrays each time, and none for the second parameter every other time.</summary>
    private sealed class Alternating(Parameter[] views) : IGradientSource
    {
        private readonly float[][] _gradients = [.. Enumerable.Range(1, 4).Select(i => Draw.Floats(i, views[i % 2].Length))];
        private int _times;

        public unsafe void TakeGradients()
        {
            _times++;
            views[1].PointGradientsAt(_gradients[_times % 2 == 0 ? 0 : 2]);
            if (_times % 2 == 0)
            {
                views[0].PointGradientsAt(_gradients[1]);
            }
            else
            {
                views[0].PointGradientsAt(null);
            }
        }

        public unsafe void ReleaseGradients(bool used, bool valuesChanged)
        {
            views[0].PointGradientsAt(null);
            views[1].PointGradientsAt(null);
        }

        public void ClearGradients()
        {
        }
    }

    /// <summary>A model whose gradients are in its own buffers, or in those of the engine.</summary>
    private sealed class Rig : IDisposable
    {
        public Rig(bool isSource)
        {
            foreach ((string name, int[] shape) in new (string, int[])[] { ("matrix", [7, 90]), ("vector", [131]), ("scalar", []), ("rare", [19]), ("late", [5]) })
            {
                int length = shape.Aggregate(1, (product, dimension) => product * dimension);
                float[] values = Draw.Floats(length, length);
                if (isSource)
                {
                    Set.AddView(name, shape, values);
                }
                else
                {
                    values.CopyTo(Set.Add(name, shape).Values);
                }
            }

            Source = isSource ? new FakeAutograd(Set) : null;
        }

        public ParameterSet Set { get; } = new();

        public FakeAutograd? Source { get; }

        public ModelOptimizer? Model { get; private set; }

        public List<string> Notes { get; } = [];

        public float[] Values => [.. Set.SelectMany(parameter => parameter.Values.ToArray())];

        public void Note(object what) => Notes.Add(what.ToString()!);

        public void Train(ModelOptimizerOptions options, Action<ModelOptimizer, int> step, Func<int, bool>? withNaN = null)
        {
            Model = new ModelOptimizer(
                Set, [new ParameterGroup(new MomentumOptions()) { Where = p => p.Name == "vector" }, new ParameterGroup(new AdamWOptions { LearningRate = 0.02 })], options);
            for (int i = 0; i < Steps; i++)
            {
                _hasNaN = withNaN?.Invoke(i) ?? false;
                step(Model, i);
            }

            foreach (Parameter parameter in Set)
            {
                parameter.HasGradient = true;
            }
        }

        private bool _hasNaN;

        public void Step(ModelOptimizer model, int step)
        {
            Backward(step, _hasNaN);
            Update(model);
        }

        public void Update(ModelOptimizer model)
        {
            Note(model.Step());
            Zero();
        }

        public double LossOf(ModelOptimizer model, int step)
        {
            double loss = Quadratic();
            model.Step();
            Zero();
            return loss + step;
        }

        /// <summary>What the source does by itself.</summary>
        public void Zero()
        {
            if (Source is null)
            {
                Set.ZeroGradients();
                foreach (Parameter parameter in Set)
                {
                    parameter.HasGradient = false;
                }
            }
        }

        /// <summary>Adds gradients. The parameter "rare" has none in two of three passes, "late" none in the first, and "scalar" none in
        /// every fifth.</summary>
        public void Backward(int pass, bool withNaN = false)
        {
            foreach (Parameter parameter in Set)
            {
                bool isMissing = parameter.Name switch
                {
                    "rare" => pass % 3 != 0,
                    "late" => pass < 4,
                    "scalar" => pass % 5 == 4,
                    _ => false,
                };
                float[] gradient = Draw.Floats((1_000 * pass) + parameter.Length, parameter.Length);
                gradient[^1] = withNaN && parameter.Name == "matrix" ? float.NaN : gradient[^1];
                Add(parameter, gradient, isMissing);
            }
        }

        public double Quadratic()
        {
            double loss = 0;
            foreach (Parameter parameter in Set)
            {
                float[] values = parameter.Values.ToArray();
                float[] gradient = [.. values.Select((p, i) => (1 + (i % 7)) * (p - 0.1f))];
                bool isMissing = parameter.Name == "rare";
                loss += isMissing ? 0 : values.Zip(gradient).Sum(pair => 0.5 * (pair.First - 0.1f) * pair.Second);
                Add(parameter, gradient, isMissing);
            }

            return loss;
        }

        public void Dispose() => Set.Dispose();

        private void Add(Parameter parameter, float[] gradient, bool isMissing)
        {
            if (Source is { } source)
            {
                if (!isMissing)
                {
                    source.Add(parameter, gradient);
                }

                return;
            }

            if (isMissing)
            {
                // A buffer of its own shows that a pass had no gradient only if no earlier pass had one.
                parameter.HasGradient = parameter.HasGradient && parameter.Gradients.ContainsAnyExcept(0f);
                return;
            }

            for (int i = 0; i < gradient.Length; i++)
            {
                parameter.Gradients[i] += gradient[i];
            }

            parameter.HasGradient = true;
        }
    }
}
