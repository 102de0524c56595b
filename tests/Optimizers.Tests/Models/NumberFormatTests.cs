namespace Optimizers.Tests;

/// <summary>
/// Values and gradients in 16 bits. The slow form that the tests compare with is a model in float32, whose values and gradients the test
/// itself rounds around each step.
/// </summary>
public sealed class NumberFormatTests
{
    private const int Length = 5_003;
    private const int Steps = 5;

    private static readonly NumberFormat[] _rounded = [NumberFormat.BFloat16, NumberFormat.Half];

    public static TheoryData<string, NumberFormat, UpdatePrecision, NumberFormat> Cases()
    {
        var cases = new TheoryData<string, NumberFormat, UpdatePrecision, NumberFormat>();
        foreach (OptimizerRow row in Catalogue.Optimizers)
        {
            foreach (NumberFormat values in _rounded)
            {
                foreach (UpdatePrecision precision in Enum.GetValues<UpdatePrecision>())
                {
                    if (precision == UpdatePrecision.MasterCopy || row.Defaults is not (ScheduleFreeSgdOptions or ScheduleFreeAdamWOptions))
                    {
                        cases.Add(row.Type.Name, values, precision, values == NumberFormat.Half ? NumberFormat.BFloat16 : NumberFormat.Half);
                        cases.Add(row.Type.Name, values, precision, NumberFormat.Float32);
                    }
                }
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void StepIsThatOfFloatsWithRoundedValuesAndGradients(
        string optimizer, NumberFormat values, UpdatePrecision precision, NumberFormat gradients)
    {
        OptimizerVariant variant = Catalogue.Row(optimizer).Variants[0];
        foreach ((int lane, int threads) in new[] { (16, 1), (8, 3), (4, 1), (1, 2) })
        {
            using var set = new ParameterSet { Format = new() { Values = values, UpdatePrecision = precision, Gradients = gradients } };
            using var floats = new ParameterSet();
            (Parameter actual, Parameter expected) = (set.Add("p", variant.Shape(Length)), floats.Add("p", variant.Shape(Length)));
            actual.CopyValuesFrom(Draw.Floats(1, Length));
            ModelOptimizer model = Model(set, variant.Options, new() { Threads = threads, ZeroGradients = true, Clip = new ClipByGlobalNorm { MaximumNorm = 3 } }, lane);
            ModelOptimizer slow = Model(floats, variant.Options, new() { Threads = 1, ZeroGradients = true, Clip = new ClipByGlobalNorm { MaximumNorm = 3 } }, lane: 0);
            actual.CopyValuesTo(expected.Values);
            for (int step = 1; step <= Steps; step++)
            {
                actual.CopyGradientsFrom(Draw.Floats(100 + step, Length));
                actual.CopyGradientsTo(expected.Gradients);
                StepReport report = model.Step();
                report.GradientNorm.Should().Be(slow.Step().GradientNorm);
                RoundAsAStep(expected, values, precision, step);
                Values(actual).ShouldHaveTheBitsOf(expected.Values.ToArray(), $"values after step {step}, lanes of {lane}");
                model.StateOf("p").Save().ShouldHaveTheBitsOf(slow.StateOf("p").Save(), $"state after step {step}");
                Gradients(actual).Should().OnlyContain(gradient => gradient == 0);
            }

            if (precision == UpdatePrecision.MasterCopy)
            {
                Rounded(actual).ShouldHaveTheBitsOf(RoundAll(values, Values(actual)), "the rounded master copy");
            }
        }
    }

    [Fact]
    public void HalvesAreRoundedAsByDotNet()
    {
        var random = new Random(5);
        List<float> floats = [float.NaN, -float.NaN, float.PositiveInfinity, float.NegativeInfinity, 0, -0f, 65_504, 65_519.996f, 65_520, -65_520, float.MaxValue, float.Epsilon];
        for (int i = 0; i < 1 << 16; i++)
        {
            float half = (float)BitConverter.UInt16BitsToHalf((ushort)i);
            float next = (float)BitConverter.UInt16BitsToHalf((ushort)(i + 1));
            floats.AddRange([half, (half + next) / 2, MathF.BitIncrement((half + next) / 2), MathF.BitDecrement((half + next) / 2)]);
            floats.Add(BitConverter.UInt32BitsToSingle((uint)random.NextInt64(1L << 32)));
        }

        float[] given = [.. floats];
        foreach (NumberFormat format in _rounded)
        {
            using var set = new ParameterSet { Format = new() { Values = format, UpdatePrecision = UpdatePrecision.StochasticRounding } };
            Parameter parameter = set.Add("p", given.Length);
            parameter.CopyValuesFrom(given);
            float[] expected = [.. given.Select(value => Round(format, value))];
            float[] actual = Values(parameter);
            for (int i = 0; i < given.Length; i++)
            {
                bool same = float.IsNaN(expected[i]) ? float.IsNaN(actual[i]) : BitConverter.SingleToInt32Bits(expected[i]) == BitConverter.SingleToInt32Bits(actual[i]);
                same.Should().BeTrue($"{given[i]:G9} is {expected[i]:G9} in {format}, not {actual[i]:G9}");
            }
        }
    }

    [Fact]
    public void SmallUpdatesAreNotLost()
    {
        // Each update is 1e-4, and the spacing of bfloat16 below 1 is 0.0039. Rounded to the nearest, the value would stay 1.
        BFloat16.Round(1 - 1e-4f).ToSingle().Should().Be(1);
        foreach (NumberFormat format in _rounded)
        {
            foreach (UpdatePrecision precision in Enum.GetValues<UpdatePrecision>())
            {
                using var set = new ParameterSet { Format = new() { Values = format, UpdatePrecision = precision, Gradients = format } };
                Parameter parameter = set.Add("p", 4_096);
                parameter.CopyValuesFrom([.. Enumerable.Repeat(1f, 4_096)]);
                ModelOptimizer optimizer = new(set, new SgdOptions { LearningRate = 1e-4 });
                for (int step = 0; step < 1_000; step++)
                {
                    parameter.CopyGradientsFrom([.. Enumerable.Repeat(1f, 4_096)]);
                    optimizer.Step();
                }

                float[] values = Values(parameter);
                values.Average(value => (double)value).Should().BeApproximately(0.9, 0.001, $"{format}, {precision}");
                if (precision != UpdatePrecision.StochasticRounding)
                {
                    values.Should().OnlyContain(value => Math.Abs(value - 0.9) < 0.002);
                }
            }
        }
    }

    public static TheoryData<string> Around() => [.. _around.Keys];

    // What happens around a step. Each is done to both models, and must do the same.
    private static readonly Dictionary<string, Func<ParameterSet, (Func<StepReport> Step, Action After)>> _around = new()
    {
        ["loss scale"] = set => Plain(set, model => model.Step(new LossScale(1_024))),
        ["clip of each tensor"] = set => Plain(set, model => model.Step(), new() { Clip = new ClipByNorm { MaximumNorm = 1 } }),
        ["clip by value"] = set => Plain(set, model => model.Step(), new() { Clip = new ClipByValue { Limit = 0.1 }, ZeroGradients = true }),
        ["rewriting clip"] = set => Plain(set, model => model.Step(new LossScale(1_024)), new() { Clip = new AdaptiveClip(), ZeroGradients = true }),
        ["measured updates"] = set => Plain(set, model => model.Step(), new() { MeasureUpdates = true }),
        ["rate 0"] = set => Plain(set, model => model.Step(), new() { Schedule = new Constant(0) }),
        ["accumulation"] = set =>
        {
            var accumulator = new GradientAccumulator(new ModelOptimizer(set, new AdamWOptions { LearningRate = 0.01 }), new() { MicroBatches = 2 });
            return (() => accumulator.Step(), () => { });
        },
        ["Lookahead"] = set =>
        {
            var lookahead = new Lookahead(new ModelOptimizer(set, new AdamWOptions { LearningRate = 0.01 }), new() { SynchronizationPeriod = 2 });
            return (() => lookahead.Step(), () => { });
        },
    };

    [Theory]
    [MemberData(nameof(Around))]
    public void ModelWithAMasterCopyDoesAllThatAFloatModelDoes(string around)
    {
        foreach (NumberFormat format in _rounded)
        {
            using var set = new ParameterSet { Format = new() { Values = format, Gradients = format } };
            using var floats = new ParameterSet();
            (Parameter actual, Parameter expected) = (set.Add("p", 40, 50), floats.Add("p", 40, 50));
            actual.CopyValuesFrom(Draw.Floats(1, 2_000));
            expected.CopyValuesFrom(Values(actual));
            (Func<StepReport> step, Action after) = _around[around](set);
            (Func<StepReport> slow, Action afterSlow) = _around[around](floats);
            for (int i = 1; i <= 6; i++)
            {
                actual.CopyGradientsFrom(Draw.Floats(100 + i, 2_000));
                actual.CopyGradientsTo(expected.Gradients);
                step().GradientNorm.Should().Be(slow().GradientNorm);
                after();
                afterSlow();
                Values(actual).ShouldHaveTheBitsOf(Values(expected), $"values after step {i} in {format}");
                Rounded(actual).ShouldHaveTheBitsOf(RoundAll(format, Values(actual)), "rounded values");
            }
        }
    }

    [Fact]
    public void AveragesAndAscentsGiveBackEveryBit()
    {
        foreach (NumberFormat format in _rounded)
        {
            foreach (UpdatePrecision precision in Enum.GetValues<UpdatePrecision>())
            {
                using var set = new ParameterSet { Format = new() { Values = format, UpdatePrecision = precision, Gradients = format } };
                Parameter parameter = set.Add("p", 1_000);
                parameter.CopyValuesFrom(Draw.Floats(1, 1_000));
                var average = new ExponentialMovingAverage(set, new() { Decay = 0.5 });
                var optimizer = new ModelOptimizer(set, new AdamWOptions { LearningRate = 0.01 });
                average.Update();
                parameter.CopyGradientsFrom(Draw.Floats(2, 1_000));
                optimizer.Step();
                average.Update();
                (float[] values, float[] rounded) = (Values(parameter), Rounded(parameter));
                float[] averages = average["p"].ToArray();
                using (average.SwapIn())
                {
                    average["p"].ToArray().ShouldHaveTheBitsOf(averages, "the average while it is swapped in");
                    Rounded(parameter).ShouldHaveTheBitsOf(RoundAll(format, precision == UpdatePrecision.Compensation ? Values(parameter) : averages), "the values while it is swapped in");
                }

                Values(parameter).ShouldHaveTheBitsOf(values, "values");
                Rounded(parameter).ShouldHaveTheBitsOf(rounded, "16-bit values");
                average["p"].ToArray().ShouldHaveTheBitsOf(averages, "averages");
                average.UpdateCount.Should().Be(2);

                var sam = new Sam(optimizer, new() { Rho = 3 });
                parameter.CopyGradientsFrom(Draw.Floats(3, 1_000));
                sam.Ascend();
                Rounded(parameter).SequenceEqual(rounded).Should().BeFalse();
                Gradients(parameter).Should().OnlyContain(gradient => gradient == 0);
                sam.Withdraw();
                Values(parameter).ShouldHaveTheBitsOf(values, "values after the way back");
                Rounded(parameter).ShouldHaveTheBitsOf(rounded, "16-bit values after the way back");
            }
        }
    }

    [Fact]
    public void ResumedRunHasTheBitsOfTheUninterruptedRun()
    {
        foreach (NumberFormat format in _rounded)
        {
            foreach (UpdatePrecision precision in Enum.GetValues<UpdatePrecision>())
            {
                (ParameterSet set, ModelOptimizer optimizer) = Run(format, precision);
                (ParameterSet other, ModelOptimizer resumed) = Run(format, precision);
                using (set)
                using (other)
                {
                    Train(set, optimizer, 0, 7);
                    byte[] file = CheckpointBytes.Of(new Checkpoint(optimizer));
                    Train(set, optimizer, 7, 12);
                    CheckpointBytes.Load(new Checkpoint(resumed), file).Differences.Should().BeEmpty();
                    Train(other, resumed, 7, 12);
                    Values(other["p"]).ShouldHaveTheBitsOf(Values(set["p"]), $"values, {format}, {precision}");
                    Rounded(other["p"]).ShouldHaveTheBitsOf(Rounded(set["p"]), $"16-bit values, {format}, {precision}");
                }
            }
        }
    }

    [Fact]
    public void LoadConvertsFormatsOnlyWhenAsked()
    {
        (ParameterSet set, ModelOptimizer optimizer) = Run(NumberFormat.Float32, UpdatePrecision.MasterCopy);
        Train(set, optimizer, 0, 3);
        byte[] file = CheckpointBytes.Of(new Checkpoint(optimizer));
        foreach (NumberFormat format in _rounded)
        {
            foreach (UpdatePrecision precision in new[] { UpdatePrecision.StochasticRounding, UpdatePrecision.Compensation })
            {
                (ParameterSet other, ModelOptimizer resumed) = Run(format, precision);
                float[] before = Values(other["p"]);
                FluentActions.Invoking(() => CheckpointBytes.Load(new Checkpoint(resumed), file))
                    .Should().Throw<CheckpointException>().WithMessage("*F32*ConvertFormats*");
                Values(other["p"]).ShouldHaveTheBitsOf(before, "values after the refused load");
                CheckpointReport report = CheckpointBytes.Load(new Checkpoint(resumed), file, new() { ConvertFormats = true });
                report.Differences.Should().ContainSingle().Which.Should().Contain("\"parameters.p\"").And.Contain("converted");
                Rounded(other["p"]).ShouldHaveTheBitsOf(RoundAll(format, Values(precision == UpdatePrecision.Compensation ? other["p"] : set["p"])), "converted values");
                byte[] back = CheckpointBytes.Of(new Checkpoint(resumed));
                (ParameterSet floats, ModelOptimizer third) = Run(NumberFormat.Float32, UpdatePrecision.MasterCopy);
                CheckpointBytes.Load(new Checkpoint(third), back, new() { ConvertFormats = true });
                Values(floats["p"]).ShouldHaveTheBitsOf(Rounded(other["p"]), "values that were converted back");
                other.Dispose();
                floats.Dispose();
            }
        }

        set.Dispose();
    }

    [Theory]
    [InlineData(NumberFormat.BFloat16)]
    [InlineData(NumberFormat.Half)]
    public void GradientThatIsNotFiniteIsNamedAndNothingChanges(NumberFormat format)
    {
        foreach (UpdatePrecision precision in Enum.GetValues<UpdatePrecision>())
        {
            (ParameterSet set, ModelOptimizer optimizer) = Run(format, precision);
            float[] gradients = Draw.Floats(3, 1_000);
            gradients[700] = float.PositiveInfinity;
            set["p"].CopyGradientsFrom(gradients);
            float[] before = Rounded(set["p"]);
            NonFiniteGradientException thrown = optimizer.Invoking(model => model.Step()).Should().Throw<NonFiniteGradientException>().Which;
            (thrown.ParameterName, thrown.Index).Should().Be(("p", 700));
            Rounded(set["p"]).ShouldHaveTheBitsOf(before, "values");
            optimizer.UpdateCount.Should().Be(0);
            set.Dispose();
        }
    }

    [Fact]
    public void StepThatExceedsTheRangeOfHalfIsRefused()
    {
        foreach (UpdatePrecision precision in Enum.GetValues<UpdatePrecision>())
        {
            using var set = new ParameterSet { Format = new() { Values = NumberFormat.Half, UpdatePrecision = precision } };
            Parameter parameter = set.Add("p", 2);
            parameter.CopyValuesFrom([65_000, 1]);
            var optimizer = new ModelOptimizer(set, new SgdOptions { LearningRate = 1 });
            parameter.CopyGradientsFrom([-600, 0]);
            optimizer.Invoking(model => model.Step()).Should().Throw<NonFiniteGradientException>().WithMessage("*parameter*infinite*");
            Rounded(parameter).Should().Equal(64_992, 1);
            parameter.CopyGradientsFrom([-400, 0]);
            optimizer.Step().Applied.Should().BeTrue();
        }
    }

    [Fact]
    public void TableInSixteenBitsMovesOnlyItsRows()
    {
        foreach (UpdatePrecision precision in Enum.GetValues<UpdatePrecision>())
        {
            using var set = new ParameterSet { Format = new() { Values = NumberFormat.BFloat16, UpdatePrecision = precision } };
            Parameter table = set.AddTable("table", 100, 8);
            table.CopyValuesFrom(Draw.Floats(1, 800));
            float[] before = Values(table);
            var optimizer = new ModelOptimizer(set, new SparseAdamOptions { LearningRate = 0.1 }, new() { Clip = new ClipByGlobalNorm() });
            table.SetRowGradients([7, 3, 4], Draw.Floats(2, 24));
            optimizer.Step();
            float[] after = Values(table);
            Enumerable.Range(0, 100).Where(row => !after.AsSpan(row * 8, 8).SequenceEqual(before.AsSpan(row * 8, 8))).Should().Equal(3, 4, 7);
        }
    }

    [Fact]
    public void WarmStepAllocatesNothing()
    {
        foreach (UpdatePrecision precision in Enum.GetValues<UpdatePrecision>())
        {
            (ParameterSet set, ModelOptimizer optimizer) = Run(NumberFormat.BFloat16, precision);
            Train(set, optimizer, 0, 3);
            Allocations.Of(() => optimizer.Step()).Should().Be(0);
            set.Dispose();
        }
    }

    [Fact]
    public void FormatsWithoutAMeaningAreRefusedWithTheReason()
    {
        using var set = new ParameterSet { Format = new() { Values = NumberFormat.BFloat16, UpdatePrecision = UpdatePrecision.StochasticRounding, Gradients = NumberFormat.Half } };
        Parameter parameter = set.Add("p", 4);
        FluentActions.Invoking(() => new ModelOptimizer(set, new ScheduleFreeSgdOptions()))
            .Should().Throw<ArgumentException>().WithMessage("*\"p\"*BFloat16*schedule-free*MasterCopy*");
        FluentActions.Invoking(() => new Lbfgs(4).Step(set, () => 0)).Should().Throw<ArgumentException>().WithMessage("*\"p\"*MasterCopy*");
        var optimizer = new ModelOptimizer(set, new SgdOptions(), new() { ZeroGradients = true });
        FluentActions.Invoking(() => new GradientAccumulator(optimizer, new() { MicroBatches = 2, AddsInPlace = true }))
            .Should().Throw<ArgumentException>().WithMessage("*\"p\"*Half*round the sums*");
        FluentActions.Invoking(() => parameter.Values[0]).Should().Throw<InvalidOperationException>().WithMessage("*\"p\"*BFloat16Values*");
        FluentActions.Invoking(() => parameter.Gradients[0]).Should().Throw<InvalidOperationException>().WithMessage("*\"p\"*HalfGradients*");
        FluentActions.Invoking(() => parameter.BFloat16Gradients[0]).Should().Throw<InvalidOperationException>().WithMessage("*\"p\"*HalfGradients*");
        FluentActions.Invoking(parameter.KeepBFloat16Copy).Should().Throw<InvalidOperationException>().WithMessage("*\"p\"*MasterCopy*");
        FluentActions.Invoking(parameter.RoundValues).Should().Throw<InvalidOperationException>().WithMessage("*\"p\"*MasterCopy*");
        FluentActions.Invoking(() => set.Format = new() { Values = (NumberFormat)9 }).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => NumberMemory.OfBits(new ushort[1], NumberFormat.Float32)).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void GradientsThatAClipRewritesAreZeroed()
    {
        foreach (NumberFormat format in _rounded)
        {
            using var set = new ParameterSet { Format = new() { Values = format, Gradients = format } };
            Parameter parameter = set.Add("p", 40, 50);
            parameter.CopyValuesFrom(Draw.Floats(1, 2_000));
            parameter.CopyGradientsFrom(Draw.Floats(2, 2_000));
            var optimizer = new ModelOptimizer(set, new SgdOptions(), new() { Clip = new AdaptiveClip(), ZeroGradients = true });
            optimizer.Step().Applied.Should().BeTrue();
            Gradients(parameter).Should().OnlyContain(gradient => gradient == 0);
        }
    }

    [Fact]
    public void ViewCanChangeItsFormatBetweenSteps()
    {
        foreach (NumberFormat format in _rounded)
        {
            float[] floats = Draw.Floats(1, Length), back = new float[Length];
            var codes = new ushort[Length];
            using var set = new ParameterSet();
            using var other = new ParameterSet();
            (Parameter actual, Parameter expected) = (set.AddView("p", [Length], NumberMemory.Of(floats), NumberMemory.Of(new float[Length])), other.Add("p", Length));
            expected.CopyValuesFrom(floats);
            var options = new AdamWOptions { LearningRate = 0.01 };
            (ModelOptimizer model, ModelOptimizer slow) = (new(set, options), new(other, options));
            for (int step = 0; step < 9; step++)
            {
                if (step is 3 or 5)
                {
                    // The same values in other memory: as floats at first, then in 16 bits.
                    ushort[] next = new ushort[Length];
                    WriteCodes(next, format, Values(actual));
                    actual.PointValuesAt(NumberMemory.OfBits(next, format));
                    actual.Format.Values.Should().Be(format);
                    codes = next;
                }
                else if (step == 7)
                {
                    back = Rounded(actual);
                    actual.PointValuesAt(NumberMemory.Of(back));
                    expected.CopyValuesFrom(back);
                    actual.Format.Values.Should().Be(NumberFormat.Float32);
                    actual.BFloat16Values.IsEmpty.Should().BeTrue();
                }

                actual.CopyGradientsFrom(Draw.Floats(50 + step, Length));
                actual.CopyGradientsTo(expected.Gradients);
                model.Step();
                slow.Step();
                Values(actual).ShouldHaveTheBitsOf(Values(expected), $"values after step {step} in {format}");
                if (step is >= 3 and < 7)
                {
                    using var reader = new ParameterSet();
                    Values(reader.AddView("codes", [Length], NumberMemory.OfBits(codes, format))).ShouldHaveTheBitsOf(RoundAll(format, Values(actual)), "the view");
                }
            }

            back.ShouldHaveTheBitsOf(Values(expected), "the last view");
        }
    }

    [Fact]
    public void OnlyAViewWithAMasterCopyCanChangeItsFormat()
    {
        using var set = new ParameterSet();
        foreach (UpdatePrecision precision in new[] { UpdatePrecision.StochasticRounding, UpdatePrecision.Compensation })
        {
            Parameter floats = set.AddView($"floats {precision}", [4], NumberMemory.Of(new float[4]), updatePrecision: precision);
            Parameter codes = set.AddView($"codes {precision}", [4], NumberMemory.OfBits(new ushort[4], NumberFormat.Half), updatePrecision: precision);
            floats.Invoking(view => view.PointValuesAt(NumberMemory.OfBits(new ushort[4], NumberFormat.Half)))
                .Should().Throw<ArgumentException>().WithMessage($"\"floats {precision}\" has values in Float32*{precision}*in Half*MasterCopy*");
            codes.Invoking(view => view.PointValuesAt(NumberMemory.Of(new float[4]))).Should().Throw<ArgumentException>();
            codes.Invoking(view => view.PointValuesAt(new float[4])).Should().Throw<ArgumentException>();
        }
    }

    [Fact]
    public void MasterCopyTakesOverOnlyChangedValues()
    {
        foreach (NumberFormat format in _rounded)
        {
            (ParameterSet set, ModelOptimizer optimizer) = Run(format, UpdatePrecision.MasterCopy);
            Train(set, optimizer, 0, 3);
            float[] expected = Values(set["p"]);
            set["p"].TakeRoundedValues();
            Values(set["p"]).ShouldHaveTheBitsOf(expected, "unchanged values");
            if (format == NumberFormat.Half)
            {
                set["p"].HalfValues[700] = (Half)3;
            }
            else
            {
                set["p"].BFloat16Values[700] = BFloat16.Round(3);
            }

            expected[700] = 3;
            set["p"].TakeRoundedValues();
            Values(set["p"]).ShouldHaveTheBitsOf(expected, "one changed value");
            set.Dispose();
        }
    }

    private static unsafe void WriteCodes(ushort[] codes, NumberFormat format, float[] values)
    {
        fixed (ushort* first = codes)
        fixed (float* floats = values)
        {
            new Engine.NumberBuffer(first, format).Write(0, (nuint)values.Length, floats, widestLane: 1);
        }
    }

    private static (Func<StepReport> Step, Action After) Plain(ParameterSet set, Func<ModelOptimizer, StepReport> step, ModelOptimizerOptions? options = null)
    {
        var model = new ModelOptimizer(set, new AdamWOptions { LearningRate = 0.01 }, options);
        return (() => step(model), () => { });
    }

    private static (ParameterSet Set, ModelOptimizer Optimizer) Run(NumberFormat format, UpdatePrecision precision)
    {
        var set = new ParameterSet { Format = new() { Values = format, UpdatePrecision = precision, Gradients = format } };
        set.Add("p", 1_000).CopyValuesFrom(Draw.Floats(1, 1_000));
        return (set, new ModelOptimizer(set, new AdamWOptions { LearningRate = 0.01 }));
    }

    private static void Train(ParameterSet set, ModelOptimizer optimizer, int from, int to)
    {
        for (int step = from; step < to; step++)
        {
            set["p"].CopyGradientsFrom(Draw.Floats(50 + step, 1_000));
            optimizer.Step();
        }
    }

    private static ModelOptimizer Model(ParameterSet set, IOptimizerOptions options, ModelOptimizerOptions model, int lane) =>
        new(set, Catalogue.GroupsOf(options), model, lane);

    // What a step does with values that have no master copy, element by element.
    private static unsafe void RoundAsAStep(Parameter parameter, NumberFormat format, UpdatePrecision precision, int step)
    {
        if (precision == UpdatePrecision.MasterCopy)
        {
            return;
        }

        var dither = Engine.RoundingDither.ForValues(step);
        for (int i = 0; i < parameter.Length; i++)
        {
            float value = parameter.Values[i];
            if (precision == UpdatePrecision.Compensation)
            {
                float rounded = Round(format, value);
                parameter.Values[i] = rounded + Round(format, value - rounded);
                continue;
            }

            // The random bits choose between the two neighbours.
            ushort code;
            new Engine.NumberBuffer(&code, format).WriteAtRandom(
                0, 1, &value, Shifted(dither, i), widestLane: 1);
            float chosen;
            new Engine.NumberBuffer(&code, format).Read(0, 1, &chosen, widestLane: 1);
            float spacing = Math.Abs(Round(format, value)) * (format == NumberFormat.Half ? 1f / 1_024 : 1f / 128) + (format == NumberFormat.Half ? 1f / (1 << 24) : 1e-36f);
            Math.Abs(chosen - value).Should().BeLessThanOrEqualTo(spacing);
            parameter.Values[i] = chosen;
        }
    }

    // The dither of an element, as the first one of another buffer.
    private static Engine.RoundingDither Shifted(Engine.RoundingDither dither, int index) => dither.From(index);

    private static float Round(NumberFormat format, float value) => format switch
    {
        NumberFormat.BFloat16 => BFloat16.Round(value).ToSingle(),
        NumberFormat.Half => (float)(Half)value,
        _ => value,
    };

    private static float[] RoundAll(NumberFormat format, float[] values) => [.. values.Select(value => Round(format, value))];

    private static float[] Values(Parameter parameter)
    {
        var values = new float[parameter.Length];
        parameter.CopyValuesTo(values);
        return values;
    }

    private static float[] Gradients(Parameter parameter)
    {
        var gradients = new float[parameter.Length];
        parameter.CopyGradientsTo(gradients);
        return gradients;
    }

    private static float[] Rounded(Parameter parameter) => parameter.Format.Values switch
    {
        NumberFormat.BFloat16 => [.. parameter.BFloat16Values.ToArray().Select(value => value.ToSingle())],
        NumberFormat.Half => [.. parameter.HalfValues.ToArray().Select(value => (float)value)],
        _ => Values(parameter),
    };
}
