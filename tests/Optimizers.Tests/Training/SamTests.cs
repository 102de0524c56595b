namespace Optimizers.Tests;

public sealed class SamTests
{
    private const double UnitInTheLastPlace = 1.0 / (1 << 24);

    public static TheoryData<string> GoldenCases() =>
        [.. GoldenData.OptimizerCases.Where(golden => golden.Subject == nameof(Sam)).Select(golden => golden.Name)];

    // Each step starts from the library's last result, so rounding errors do not accumulate.
    [OwnGoldenTheory]
    [MemberData(nameof(GoldenCases))]
    public void EveryStepMatchesTheStepInDouble(string name)
    {
        GoldenCase golden = GoldenData.OptimizerCases.Single(g => g.Subject == nameof(Sam) && g.Name == name);
        GoldenProblem problem = GoldenData.Problem(golden.ProblemName!);
        SamOptions options = WrapperRun.Own<SamOptions>(golden);
        using ParameterSet parameters = problem.Parameters();
        ModelOptimizer model = WrapperRun.Within<SamOptions>(golden, parameters);
        var sam = new Sam(model, options);
        Parameter x = parameters[0];
        for (int step = 1; step <= golden.Expected[^1].Step; step++)
        {
            float[] start = x.Values.ToArray();
            problem.TakeGradients(step, parameters, 1);
            double[] up = Ascended(start, x.Gradients.ToArray(), options);
            sam.Ascend();
            Compare(x.Values.ToArray(), up, "the ascended point", step);
            x.Gradients.ToArray().Should().OnlyContain(g => g == 0);

            problem.TakeGradients(step, parameters, 1);
            float[] gradient = x.Gradients.ToArray();
            double rate = model.LearningRateOf(model.Groups[0]);
            IOptimizerOptions within = model.Groups[0].Options;
            double momentum = (within as MomentumOptions)?.Momentum ?? 0;
            float[] velocity = step > 1 && momentum > 0 ? model.StateOf("x")["momentum_buffer"].ToArray() : new float[start.Length];
            sam.Step();
            Compare(
                x.Values.ToArray(),
                [.. start.Select((p, i) => p - (rate * ((momentum * velocity[i]) + gradient[i] + (within.WeightDecay * p))))],
                "step",
                step);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void EveryNumberOfThreadsAndLanesGivesTheSameBits(bool adaptive)
    {
        float[] expected = Run(1, 1);
        foreach ((int threads, int lane) in new[] { (1, 4), (1, 16), (2, 8), (3, 16), (4, 4) })
        {
            Run(threads, lane).ShouldHaveTheBitsOf(expected, $"{threads} threads in lanes of {lane}");
        }

        float[] Run(int threads, int lane)
        {
            using var model = new WrappedModel(scale: 500, threads: threads);
            var sam = new Sam(model.Optimizer, new() { Rho = 2, Adaptive = adaptive, Threads = threads }, lane);
            var seen = new List<float>();
            for (int step = 1; step <= 3; step++)
            {
                model.DrawGradients(step);
                seen.Add((float)sam.Ascend());
                seen.AddRange(model.All);
                model.DrawGradients(-step);
                sam.Step();
            }

            return [.. seen, .. model.All];
        }
    }

    [Fact]
    public void ParametersAreRestoredExactlyAlsoAfterExceptions()
    {
        using var model = new WrappedModel();
        float[] strange = [0f, -0f, float.Epsilon, -1e-40f, float.NaN, BitConverter.UInt32BitsToSingle(0xFFC12345), 1e38f, -1f];
        strange.CopyTo(model.Parameters["vector"].Values);
        model.Parameters["matrix"].KeepBFloat16Copy();
        BFloat16[] rounded = model.Parameters["matrix"].BFloat16Values.ToArray();
        float[] start = model.All;
        var sam = new Sam(model.Optimizer, new() { Rho = 3 });
        int calls = 0;
        sam.Invoking(s => s.Step(() =>
        {
            model.DrawGradients(1);
            if (++calls == 2)
            {
                model.All.Should().NotEqual(start);
                model.Parameters["matrix"].BFloat16Values.ToArray().Should().Equal(
                    model.Parameters["matrix"].Values.ToArray().Select(BFloat16.Round));
                throw new TimeoutException();
            }
        })).Should().Throw<TimeoutException>();
        sam.HasAscended.Should().BeFalse();
        model.Optimizer.UpdateCount.Should().Be(0);
        model.All.ShouldHaveTheBitsOf(start, "after the exception");
        model.Parameters["matrix"].BFloat16Values.ToArray().Should().Equal(rounded);

        model.DrawGradients(1);
        sam.Ascend();
        sam.Withdraw();
        sam.Withdraw();
        model.All.ShouldHaveTheBitsOf(start, "after withdrawing");
        sam.Invoking(s => s.Step(() => throw new TimeoutException())).Should().Throw<TimeoutException>();
        model.All.ShouldHaveTheBitsOf(start, "when the first gradient fails");
    }

    [Fact]
    public void BothFormsGiveTheSameBitsAndStartWithZeroGradients()
    {
        using var first = new WrappedModel();
        using var second = new WrappedModel();
        var calls = new Sam(first.Optimizer);
        var function = new Sam(second.Optimizer);
        for (int step = 1; step <= 5; step++)
        {
            first.DrawGradients(step);
            calls.Ascend();
            calls.HasAscended.Should().BeTrue();
            first.DrawGradients(step + 100);
            calls.Step().Update.Should().Be(step - 1);

            int call = 0;
            function.Step(() =>
            {
                GradientsOf(second).Should().OnlyContain(g => g == 0);
                second.DrawGradients(call++ == 0 ? step : step + 100);
            }).Update.Should().Be(step - 1);
            call.Should().Be(2);
            second.All.ShouldHaveTheBitsOf(first.All, $"step {step}");
        }
    }

    [Fact]
    public void CallsInTheWrongOrderThrow()
    {
        using var model = new WrappedModel();
        var sam = new Sam(model.Optimizer);
        var average = new WeightAverage(model.Parameters);
        model.DrawGradients(1);
        sam.Invoking(s => s.Step()).Should().Throw<InvalidOperationException>().WithMessage("*Ascend*first*");
        sam.Ascend();
        foreach (Action refused in new Action[]
        {
            () => sam.Ascend(),
            () => sam.Step(() => { }),
            () => model.Optimizer.Step(),
            average.Update,
            () => average.SwapIn(),
            () => sam.Describe(new CheckpointManifest()),
        })
        {
            refused.Should().Throw<InvalidOperationException>().WithMessage("*Sam has ascended*Step*Withdraw*");
        }

        sam.HasAscended.Should().BeTrue();
        sam.Step().Applied.Should().BeTrue();
        sam.Invoking(s => s.Step()).Should().Throw<InvalidOperationException>();
        sam.Invoking(s => s.Step(() => s.Ascend())).Should().Throw<InvalidOperationException>().WithMessage("*in a call already*");
        sam.Invoking(s => s.Step(() => s.Step(() => { }))).Should().Throw<InvalidOperationException>().WithMessage("*in a call already*");
        sam.Invoking(s => s.Step(null!)).Should().Throw<ArgumentNullException>();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void FrozenAndMissingGradientsNeitherMoveNorCountInTheNorm(bool adaptive)
    {
        var frozen = new ParameterGroup(new SgdOptions()) { Where = p => p.Name == "vector", Frozen = true };
        using var model = new WrappedModel(groups: frozen);
        var sam = new Sam(model.Optimizer, new() { Rho = 1, Adaptive = adaptive });
        model.DrawGradients(1);
        model.Parameters["scalar"].HasGradient = false;
        model.Parameters["scalar"].Gradients[0] = float.NaN;
        model.Parameters["vector"].Gradients.Fill(1e30f);
        float[] matrix = model.Parameters["matrix"].Values.ToArray();
        double expected = Math.Sqrt(matrix.Zip(model.Parameters["matrix"].Gradients.ToArray(), (p, g) => adaptive ? (double)p * g : g)
            .Sum(part => part * part));
        float[] vector = model.Parameters["vector"].Values.ToArray();
        float scalar = model.Parameters["scalar"].Values[0];
        sam.Ascend().Should().BeApproximately(expected, 1e-6 * expected);
        model.Parameters["matrix"].Values.ToArray().Should().NotEqual(matrix);
        model.Parameters["vector"].Values.ToArray().ShouldHaveTheBitsOf(vector, "frozen");
        model.Parameters["scalar"].Values[0].Should().Be(scalar);
        GradientsOf(model).Should().OnlyContain(g => g == 0);

        // A parameter that is unfrozen or gets a gradient after the ascent takes the step, from its current values.
        frozen.Frozen = false;
        sam.Step().Updated.Should().Be(3);
        frozen.Frozen = true;
        sam.Ascend().Should().Be(0);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(0f)]
    public void ParametersDoNotMoveIfTheNormIsZeroOrNotFinite(float gradient)
    {
        using var model = new WrappedModel();
        foreach (Parameter parameter in model.Parameters)
        {
            parameter.Gradients.Clear();
        }

        model.Parameters["vector"].Gradients[7] = gradient;
        float[] start = model.All;
        var sam = new Sam(model.Optimizer);
        double norm = sam.Ascend();
        (norm == 0 || !double.IsFinite(norm)).Should().BeTrue();
        sam.HasAscended.Should().BeTrue();
        model.All.ShouldHaveTheBitsOf(start, "after the ascent");
        model.DrawGradients(1);
        sam.Step().Applied.Should().BeTrue();
        model.All.Should().OnlyContain(value => float.IsFinite(value));
    }

    [Fact]
    public void NormIsThatOfTheUnscaledGradients()
    {
        using var set = new ParameterSet();
        set.Add("w", 1).Values[0] = 1;
        var sam = new Sam(new Lookahead(new ModelOptimizer(set, new SgdOptions(), new() { LossScaler = new LossScaler() })));
        set["w"].Gradients[0] = 65_536 * 3;
        sam.Ascend().Should().Be(3);
        sam.Withdraw();
        set["w"].Gradients[0] = 65_536 * 3;
        sam.Ascend(new LossScale(2) { MicroBatches = 4 }).Should().Be(3 / 8.0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void LossScaleThatIsAPowerOfTwoChangesNoBit(bool adaptive)
    {
        Run(1024).ShouldHaveTheBitsOf(Run(1), "scaled");

        float[] Run(float scale)
        {
            using var model = new WrappedModel();
            var sam = new Sam(model.Optimizer, new() { Adaptive = adaptive });
            var seen = new List<float>();
            for (int step = 1; step <= 3; step++)
            {
                int call = 0;
                seen.Add((float)sam.Step(
                    () =>
                    {
                        model.DrawGradients(step + (100 * call++));
                        foreach (Parameter parameter in model.Parameters)
                        {
                            foreach (ref float g in parameter.Gradients)
                            {
                                g *= scale;
                            }
                        }

                        seen.AddRange(model.All);
                    },
                    new LossScale(scale)).Update);
            }

            return [.. seen, .. model.All];
        }
    }

    [Fact]
    public void WrappersNest()
    {
        using var model = new WrappedModel();
        var sam = new Sam(new Lookahead(model.Optimizer, new() { SynchronizationPeriod = 2 }));
        using var twin = new WrappedModel();
        var lookahead = new Lookahead(twin.Optimizer, new() { SynchronizationPeriod = 2 });
        for (int step = 1; step <= 4; step++)
        {
            int call = 0;
            sam.Step(() => model.DrawGradients(step + (100 * call++)));
            twin.DrawGradients(step + 100);
            lookahead.Step();
            model.All.ShouldHaveTheBitsOf(twin.All, $"step {step}");
        }

        sam.Groups.Should().Equal(model.Optimizer.Groups);
        sam.Parameters.Should().BeSameAs(model.Parameters);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void StepAllocatesNothing(bool adaptive)
    {
        using var model = new WrappedModel(scale: 400);
        for (int threads = 1; threads <= 2; threads++)
        {
            var sam = new Sam(model.Optimizer, new() { Adaptive = adaptive, Threads = threads });
            Action gradients = () =>
            {
                foreach (Parameter parameter in sam.Parameters)
                {
                    parameter.Gradients.Fill(0.5f);
                }
            };
            Allocations.Of(() => sam.Step(gradients)).Should().Be(
                Allocations.Of(gradients) * 2, $"{threads} threads, without the enumeration of the set");
        }
    }

    [Fact]
    public void OverlappingGradientsThrow()
    {
        float[] shared = new float[3];
        using var set = new ParameterSet();
        set.AddView("a", [2], new float[2], shared.AsMemory(0, 2));
        var sam = new Sam(new ModelOptimizer(set, new SgdOptions()));
        sam.Ascend();
        sam.Step();
        set.AddView("b", [2], new float[2], shared.AsMemory(1, 2));
        for (int attempt = 0; attempt < 2; attempt++)
        {
            sam.Invoking(s => s.Ascend()).Should().Throw<ArgumentException>().WithMessage("*\"b\"*\"a\"*zeroed*");
        }
    }

    [Fact]
    public void CheckpointStoresThatSamHasNotAscended()
    {
        using var model = new WrappedModel();
        var sam = new Sam(model.Optimizer);
        var saved = new MemoryCheckpoint(sam);
        saved.Names.Should().Equal("options", "ascended");
        saved.LoadInto(new Sam(model.Optimizer));
        var contents = new CheckpointManifest();
        sam.Describe(contents);
        var value = (ValueEntry)contents.Entries[1];
        value.Invoking(v => v.Accept("true")).Should().Throw<FormatException>().WithMessage("*true*");
        model.DrawGradients(1);
        sam.Ascend();
        value.Invoking(v => v.Get()).Should().Throw<InvalidOperationException>();
        value.Invoking(v => v.Accept("false")).Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void InvalidArgumentThrows()
    {
        using var model = new WrappedModel();
        foreach (double rho in BadNumbers.NotFiniteOrNegative)
        {
            FluentActions.Invoking(() => new Sam(model.Optimizer, new() { Rho = rho }))
                .Should().Throw<ArgumentOutOfRangeException>().WithParameterName("Rho");
        }

        FluentActions.Invoking(() => new Sam(model.Optimizer, new() { Threads = -1 }))
            .Should().Throw<ArgumentOutOfRangeException>().WithParameterName("Threads");
        FluentActions.Invoking(() => new Sam(null!)).Should().Throw<ArgumentNullException>();
        var sam = new Sam(model.Optimizer);
        model.Parameters.Dispose();
        sam.Invoking(s => s.Ascend()).Should().Throw<ObjectDisposedException>();
    }

    private static float[] GradientsOf(WrappedModel model) =>
        [.. model.Parameters.SelectMany(parameter => parameter.Gradients.ToArray())];

    private static double[] Ascended(float[] p, float[] g, SamOptions options)
    {
        double norm = Math.Sqrt(p.Zip(g, (x, y) => Math.Pow(options.Adaptive ? (double)x * y : y, 2)).Sum());
        double rate = options.Rho / (norm + 1e-12);
        return [.. p.Zip(g, (x, y) => x + (rate * (options.Adaptive ? (double)x * x * y : y)))];
    }

    private static void Compare(float[] actual, double[] expected, string what, int step)
    {
        double bound = 4 * UnitInTheLastPlace * expected.Max(Math.Abs);
        for (int i = 0; i < actual.Length; i++)
        {
            ((double)actual[i]).Should().BeApproximately(expected[i], bound, "this is element {2} of {0} in step {1}", what, step, i);
        }
    }
}
