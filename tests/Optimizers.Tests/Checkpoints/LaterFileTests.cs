namespace Optimizers.Tests;

/// <summary>
/// Files of this version of the format with more or fewer options than this library has, and the options of the parts around an
/// optimizer.
/// </summary>
public sealed class LaterFileTests
{
    [Theory]
    [InlineData(false, "")]
    [InlineData(true, "*groups[0].optimizer.amsGrad is not in the file, which means false, but it is true here*")]
    public void OptionMissingInTheFileMeansItsDefault(bool amsGrad, string message)
    {
        byte[] file = CheckpointBytes.WithHeader(
            CheckpointBytes.Of(Of(new AdamWOptions())), header => Changed(header, "\\\"amsGrad\\\":false,", ""));
        Checkpoint checkpoint = Of(new AdamWOptions { AmsGrad = amsGrad });
        if (!amsGrad)
        {
            CheckpointReport report = CheckpointBytes.Load(checkpoint, file);
            report.Differences.Should().BeEmpty();
            report.NotCompared.Should().BeEmpty();
        }
        else
        {
            FluentActions.Invoking(() => CheckpointBytes.Load(checkpoint, file)).Should().Throw<CheckpointException>().WithMessage(message);
        }
    }

    [Fact]
    public void ScheduleArgumentMissingInTheFileMeansItsDefault()
    {
        static Checkpoint Scheduled(double floor) => Of(new SgdOptions(), new ModelOptimizerOptions { Schedule = new Cosine(1, 5, floor) });
        byte[] file = CheckpointBytes.WithHeader(CheckpointBytes.Of(Scheduled(0)), header => Changed(header, ",\\\"floor\\\":0", ""));
        CheckpointBytes.Load(Scheduled(0), file).NotCompared.Should().BeEmpty();
        FluentActions.Invoking(() => CheckpointBytes.Load(Scheduled(0.5), file)).Should().Throw<CheckpointException>()
            .WithMessage("*options.schedule.floor is not in the file, which means 0, but it is 0.5 here*");
        file = CheckpointBytes.WithHeader(CheckpointBytes.Of(Scheduled(0)), header => Changed(header, "\\\"peak\\\":1,", ""));
        CheckpointBytes.Load(Scheduled(0), file).NotCompared.Should().Equal("options.schedule.peak: it is not in the file, and 1 here");
    }

    [Theory]
    [InlineData("\\\"amsGrad\\\":", "\\\"mood\\\":\\\"wild\\\",\\\"amsGrad\\\":", "groups[0].optimizer.mood is wild in the file, but AdamW has no such option here*later version*Update*")]
    [InlineData("\\\"rateFactor\\\":", "\\\"mood\\\":3,\\\"rateFactor\\\":", "groups[0].mood is 3 in the file, but a group has no such option here*later version*")]
    [InlineData("\\\"nonFinite\\\":", "\\\"mood\\\":3,\\\"nonFinite\\\":", "options.mood is 3 in the file*no such option here*later version*")]
    public void OptionOfALaterVersionThrowsAndIsNamed(string text, string changed, string message)
    {
        byte[] file = CheckpointBytes.WithHeader(CheckpointBytes.Of(Of(new AdamWOptions())), header => Changed(header, text, changed));
        FluentActions.Invoking(() => CheckpointBytes.Load(Of(new AdamWOptions()), file)).Should().Throw<CheckpointException>()
            .WithMessage($"*{message}*{nameof(CheckpointLoadOptions.AllowDifferentOptions)}*");
        CheckpointBytes.Load(Of(new AdamWOptions()), file, new() { AllowDifferentOptions = true }).Differences
            .Should().ContainSingle(line => line.Contains("mood", StringComparison.Ordinal));
    }

    [Fact]
    public void DifferentStateFormatIsReported()
    {
        static Checkpoint In(StateFormat format)
        {
            var set = new ParameterSet();
            set.Add("weight", 3);
            return new Checkpoint(new ModelOptimizer(set, [new ParameterGroup(new AdamWOptions()) { StateFormat = format }]));
        }

        byte[] file = CheckpointBytes.Of(In(StateFormat.BFloat16));
        foreach (CheckpointLoadOptions? options in new[] { null, new CheckpointLoadOptions { AllowDifferentOptions = true } })
        {
            FluentActions.Invoking(() => CheckpointBytes.Load(In(StateFormat.Float32), file, options)).Should().Throw<CheckpointException>()
                .WithMessage("*groups[0].stateFormat is BFloat16 in the file, but Float32 here*set ParameterGroup.StateFormat*");
        }
    }

    [Theory]
    [InlineData("lookahead", "part.options.slowStepSize is 0.5 in the file, but 0.25 here")]
    [InlineData("average", "part.options.decay is 0.999 in the file, but 0.5 here")]
    [InlineData("accumulator", "part.options.mean is true in the file, but false here")]
    [InlineData("sam", "part.options.rho is 0.05 in the file, but 0.5 here")]
    [InlineData("scaler", "loss_scaler.options.growthFactor is 2 in the file, but 3 here")]
    public void OptionsOfAPartAreCompared(string part, string message)
    {
        byte[] file = CheckpointBytes.Of(With(part, changed: false, threads: 1));
        CheckpointReport same = CheckpointBytes.Load(With(part, changed: false, threads: 2), file);
        same.Differences.Should().BeEmpty();
        same.NotCompared.Should().BeEmpty();
        FluentActions.Invoking(() => CheckpointBytes.Load(With(part, changed: true, threads: 1), file)).Should().Throw<CheckpointException>()
            .Which.Message.Should().Contain(message);
        CheckpointBytes.Load(With(part, changed: true, threads: 1), file, new() { AllowDifferentOptions = true }).Differences.Should().Equal(message);
    }

    [Fact]
    public void DeepestCompositionIsSavedAndLoaded()
    {
        static Checkpoint Nested(int depth)
        {
            ILrSchedule schedule = new Constant(0.5);
            for (int i = 0; i < depth; i++)
            {
                schedule = schedule.Scale(1);
            }

            return Of(new SgdOptions(), new ModelOptimizerOptions { Schedule = schedule });
        }

        CheckpointBytes.Load(Nested(100), CheckpointBytes.Of(Nested(100))).Differences.Should().BeEmpty();
        FluentActions.Invoking(() => CheckpointBytes.Load(Nested(101), CheckpointBytes.Of(Nested(100)))).Should().Throw<CheckpointException>();
    }

    private static string Changed(string header, string text, string changed)
    {
        header.Should().Contain(text);
        return header.Replace(text, changed, StringComparison.Ordinal);
    }

    private static Checkpoint Of(IOptimizerOptions options, ModelOptimizerOptions? model = null)
    {
        var set = new ParameterSet();
        set.Add("weight", 3);
        return new Checkpoint(new ModelOptimizer(set, options, model));
    }

    private static Checkpoint With(string part, bool changed, int threads)
    {
        var set = new ParameterSet();
        set.Add("weight", 3);
        var optimizer = new ModelOptimizer(set, new SgdOptions(), new ModelOptimizerOptions
        {
            LossScaler = part == "scaler" ? new LossScaler(new LossScalerOptions { GrowthFactor = changed ? 3 : 2 }) : null,
            Threads = threads,
        });
        var checkpoint = new Checkpoint(optimizer);
        if (part != "scaler")
        {
            checkpoint.Add("part", part switch
            {
                "lookahead" => new Lookahead(optimizer, new LookaheadOptions { SlowStepSize = changed ? 0.25 : 0.5, Threads = threads }),
                "average" => new ExponentialMovingAverage(set, new ExponentialMovingAverageOptions { Decay = changed ? 0.5 : 0.999, Threads = threads }),
                "accumulator" => new GradientAccumulator(optimizer, new GradientAccumulatorOptions { MicroBatches = threads, Mean = !changed }),
                _ => (ICheckpointed)new Sam(optimizer, new SamOptions { Rho = changed ? 0.5 : 0.05, Threads = threads }),
            });
        }

        return checkpoint;
    }
}
