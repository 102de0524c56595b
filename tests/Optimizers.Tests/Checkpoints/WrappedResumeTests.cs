namespace Optimizers.Tests;

/// <summary>
/// A run with every wrapper and part that has state, saved as one file after any micro-batch and resumed, has the same bits as
/// an uninterrupted run.
/// </summary>
public sealed class WrappedResumeTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(11)]
    [InlineData(20)]
    [InlineData(33)]
    [InlineData(57)]
    public void ResumedRunHasTheSameBits(int at)
    {
        using var folder = new TemporaryFolder();
        using var whole = new Run(threads: 1);
        whole.Train(at);
        whole.Checkpoint.Save(folder["run"]);
        whole.Train(Run.MicroBatches);

        using var resumed = new Run(threads: 2);
        resumed.Checkpoint.Load(folder["run"]);
        resumed.Done.Should().Be(at);
        resumed.Train(Run.MicroBatches);
        resumed.Reports.Should().Equal(whole.Reports.Skip(at), "the reports of the steps are the same");
        resumed.Checkpoint.Save(folder["resumed"]);
        whole.Checkpoint.Save(folder["whole"]);
        File.ReadAllBytes(folder["resumed"]).Should().Equal(File.ReadAllBytes(folder["whole"]));
    }

    [Fact]
    public void TestRunContainsSkipsAndScaleChanges()
    {
        using var run = new Run(threads: 1);
        run.Train(Run.MicroBatches);
        run.Reports.Select(report => report.Outcome).Distinct().Should()
            .BeEquivalentTo([StepOutcome.Accumulated, StepOutcome.Applied, StepOutcome.Skipped]);
        double[] scales = [.. run.Reports.Select(report => report.LossScale)];
        scales.Zip(scales.Skip(1)).Should().Contain(pair => pair.Second < pair.First, "the scale falls")
            .And.Contain(pair => pair.Second > pair.First, "the scale grows");
        run.Plateau.Rate.Should().BeLessThan(run.Plateau.Initial);
        run.Average.UpdateCount.Should().BePositive();
        run.Lookahead.StepCount.Should().BeGreaterThan(4);
    }

    /// <summary>
    /// Varying numbers of micro-batches, Lookahead around a model of two groups in two formats, schedules of
    /// rate, momentum and decay, a loss scale that overflows, averages, a watch, and a random generator.
    /// </summary>
    private sealed class Run : IDisposable
    {
        public const int MicroBatches = 64;

        private readonly ParameterSet _set = new();
        private readonly LossScaler _scaler = new(new LossScalerOptions { InitialScale = 1024, GrowthInterval = 4, Hysteresis = 2 });
        private readonly ModelOptimizer _model;
        private readonly GradientAccumulator _accumulator;
        private readonly WeightAverage _uniform;
        private readonly DivergenceWatch _watch = new(new DivergenceWatchOptions { Window = 20 });
        private readonly List<StepReport> _reports = [];
        private ulong _random = 88172645463325252;

        public Run(int threads)
        {
            _set.AddRange(("matrix", [80, 70]), ("vector", [5]));
            foreach (Parameter parameter in _set)
            {
                Draw.Floats(parameter.Length, parameter.Length).CopyTo(parameter.Values);
            }

            _model = new ModelOptimizer(
                _set,
                [
                    new ParameterGroup(new AdamWOptions())
                    {
                        Where = parameter => parameter.Name == "matrix",
                        StateFormat = StateFormat.Block8,
                        MomentumSchedule = new Linear(0.95, 0.8, 20),
                        WeightDecaySchedule = new Cosine(0.1, 20),
                    },
                    new ParameterGroup(new NAdamOptions()) { Schedule = Plateau, StateFormat = StateFormat.BFloat16 },
                ],
                new ModelOptimizerOptions
                {
                    Schedule = new WarmupCosine(0.01, 3, 20),
                    Clip = new ClipByGlobalNorm { MaximumNorm = 20 },
                    LossScaler = _scaler,
                    NonFinite = NonFinitePolicy.Skip,
                    Threads = threads,
                });
            Lookahead = new Lookahead(_model, new LookaheadOptions { SynchronizationPeriod = 3 });
            _accumulator = new GradientAccumulator(Lookahead, new GradientAccumulatorOptions { MicroBatches = 2 });
            Average = new ExponentialMovingAverage(_set, new ExponentialMovingAverageOptions { Decay = 0.9, Warmup = true });
            _uniform = new WeightAverage(_set, new WeightAverageOptions { FirstStep = 4, Interval = 2 });
            Checkpoint = new Checkpoint(_model);
            Checkpoint.Add("lookahead", Lookahead);
            Checkpoint.Add("accumulator", _accumulator);
            Checkpoint.Add("average", Average);
            Checkpoint.Add("uniform", _uniform);
            Checkpoint.Add("watch", _watch);
            Checkpoint.Add("plateau", Plateau);
            Checkpoint.Add("data", new Place(this));
        }

        public Checkpoint Checkpoint { get; }

        public Lookahead Lookahead { get; }

        public ExponentialMovingAverage Average { get; }

        public ReduceOnPlateau Plateau { get; } = new(0.02, factor: 0.5, patience: 1, threshold: 0.2);

        public long Done { get; private set; }

        public IEnumerable<StepReport> Reports => _reports;

        public void Train(long until)
        {
            for (; Done < until; Done++)
            {
                if (Done == 30)
                {
                    _accumulator.MicroBatches = 3;
                }

                foreach (Parameter parameter in _set)
                {
                    Span<float> gradients = parameter.Gradients;
                    for (int i = 0; i < gradients.Length; i++)
                    {
                        gradients[i] = (float)(_scaler.Scale * (parameter.Values[i] + Next()));
                    }

                    // The gradients overflow while the scale is too large, as in half precision.
                    gradients[3] = _scaler.Scale > 600 ? float.PositiveInfinity : gradients[3];
                }

                StepReport report = _accumulator.Step();
                _reports.Add(report);
                if (report.Outcome == StepOutcome.Applied)
                {
                    Average.Update();
                    _uniform.Update();
                    double loss = report.GradientNorm + Math.Abs(Next());
                    _watch.Observe(loss);
                    Plateau.Observe(loss);
                }
            }
        }

        public void Dispose() => _set.Dispose();

        private double Next()
        {
            _random ^= _random << 13;
            _random ^= _random >> 7;
            _random ^= _random << 17;
            return (_random / (double)ulong.MaxValue) - 0.5;
        }

        /// <summary>The position in the data and the state of the generator, as a user would save them.</summary>
        private sealed class Place(Run run) : ICheckpointed
        {
            public void Describe(CheckpointManifest contents)
            {
                contents.Counter("done", () => run.Done, done => run.Done = done);
                contents.Counter("random_low", () => (long)(run._random & uint.MaxValue), low => run._random = (run._random & ~(ulong)uint.MaxValue) | (uint)low);
                contents.Counter("random_high", () => (long)(run._random >> 32), high => run._random = (run._random & uint.MaxValue) | ((ulong)high << 32));
            }
        }
    }
}
