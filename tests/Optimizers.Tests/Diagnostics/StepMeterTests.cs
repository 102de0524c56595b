using System.Diagnostics.Metrics;

namespace Optimizers.Tests;

/// <summary>The measurements that steps publish through the meter.</summary>
public sealed class StepMeterTests
{
    [Fact]
    public void ListenerReceivesEveryStep()
    {
        using var heard = new Listener();
        using var set = new ParameterSet();
        set.AddRange(("a", [2]), ("b", [3]));
        set["a"].Values.Fill(1);
        set["a"].Gradients.Fill(1);
        var model = new ModelOptimizer(
            set,
            [new(new SgdOptions { LearningRate = 0.5 }) { Where = p => p.Name == "a", Name = "body" }, new(new SgdOptions { LearningRate = 2 })],
            heard.Options with { Clip = new ClipByGlobalNorm { MaximumNorm = 1 }, NonFinite = NonFinitePolicy.Skip, MeasureUpdates = true });
        StepReport report = model.Step();
        heard.Take().Should().BeEquivalentTo(new[]
        {
            ("optimizers.updates", 1, "optimizers.model=watched"),
            ("optimizers.gradient_norm", Math.Sqrt(2), "optimizers.model=watched"),
            ("optimizers.loss_scale", 1, "optimizers.model=watched"),
            ("optimizers.clip_factor", report.ClipFactor, "optimizers.model=watched"),
            ("optimizers.learning_rate", 0.5, "optimizers.model=watched,optimizers.group=body"),
            ("optimizers.update_ratio", report.LargestUpdateRatio, "optimizers.model=watched,optimizers.group=body"),
            ("optimizers.learning_rate", 2, "optimizers.model=watched,optimizers.group=1"),
        });

        set["a"].Gradients[0] = float.NaN;
        model.Step().Outcome.Should().Be(StepOutcome.Skipped);
        heard.Take().Select(one => one.Instrument).Should().BeEquivalentTo("optimizers.skips", "optimizers.loss_scale");
    }

    [Theory]
    [InlineData(NonFinitePolicy.Skip, float.NaN)]
    [InlineData(NonFinitePolicy.Skip, float.PositiveInfinity)]
    [InlineData(NonFinitePolicy.Propagate, float.NaN)]
    [InlineData(NonFinitePolicy.Propagate, float.NegativeInfinity)]
    [InlineData(NonFinitePolicy.Propagate, 1f)]
    [InlineData(NonFinitePolicy.Throw, 1f)]
    public void OnlyFiniteValuesArePublished(NonFinitePolicy policy, float gradient)
    {
        using var heard = new Listener();
        foreach (IGradientClip? clip in new IGradientClip?[] { null, new ClipByGlobalNorm { MaximumNorm = 1 }, new ClipByNorm { MaximumNorm = 1 }, new ClipByValue { Limit = 1 } })
        {
            using var set = new ParameterSet();
            set.Add("a", 3).Values.Fill(1);
            set.Add("never", 0);
            var model = new ModelOptimizer(set, new SgdOptions(), heard.Options with { NonFinite = policy, Clip = clip, MeasureUpdates = true });
            for (int step = 0; step < 3; step++)
            {
                set["a"].Gradients.Fill(1);
                set["a"].Gradients[1] = step == 1 ? gradient : 1;
                model.Step();
            }
        }

        heard.Take().Should().HaveCountGreaterThan(10).And.OnlyContain(one => double.IsFinite(one.Value));
    }

    [Fact]
    public void UpdateOfMicroBatchesRecordsTheScaleOfTheScaler()
    {
        using var heard = new Listener();
        using var set = new ParameterSet();
        set.Add("a", 3).Values.Fill(1);
        var accumulator = new GradientAccumulator(
            new ModelOptimizer(set, new SgdOptions(), heard.Options with { LossScaler = new LossScaler() }), new() { MicroBatches = 4 });
        for (int batch = 0; batch < 6; batch++)
        {
            set["a"].Gradients.Fill(65_536);
            accumulator.Step();
        }

        accumulator.Flush();
        (string Instrument, double Value, string Tags)[] all = heard.Take();
        all.Where(one => one.Instrument == "optimizers.loss_scale").Select(one => one.Value).Should().Equal(65_536, 65_536);
        all.Where(one => one.Instrument == "optimizers.gradient_norm").Select(one => one.Value).Should().Equal(Math.Sqrt(3), Math.Sqrt(3));
        all.Where(one => one.Instrument == "optimizers.updates").Should().HaveCount(2);
    }

    [Fact]
    public void FactoryCreatesMeterAndInstrumentsOnce()
    {
        using var heard = new Listener();
        using var set = new ParameterSet();
        set.Add("a", 3);
        _ = new ModelOptimizer(set, new SgdOptions(), heard.Options);
        _ = new ModelOptimizer(set, new SgdOptions(), heard.Options);
        heard.Instruments.Select(instrument => instrument.Name).Should().BeEquivalentTo(
            "optimizers.updates",
            "optimizers.skips",
            "optimizers.learning_rate",
            "optimizers.update_ratio",
            "optimizers.loss_scale",
            "optimizers.gradient_norm",
            "optimizers.clip_factor");
        heard.Instruments.Should().OnlyContain(instrument => instrument.Meter.Name == "Optimizers"
            && instrument.Meter.Version == typeof(ModelOptimizer).Assembly.GetName().Version!.ToString(3)
            && (instrument.Unit == "1" || instrument.Unit == "{update}" || instrument.Unit == "{step}"));
        foreach (Histogram<double> histogram in heard.Instruments.OfType<Histogram<double>>())
        {
            IReadOnlyList<double> buckets = histogram.Advice!.HistogramBucketBoundaries!;
            buckets.Should().HaveCountGreaterThan(10).And.BeInAscendingOrder().And.OnlyHaveUniqueItems().And.Contain(1);
        }
    }

    [Fact]
    public void WithoutAFactoryAllModelsShareAMeter()
    {
        var instruments = new List<Instrument>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name == "Optimizers" && instrument.Meter.Scope is null && instrument.Name == "optimizers.updates")
                {
                    instruments.Add(instrument);
                }
            },
        };
        listener.Start();
        using var set = new ParameterSet();
        set.Add("a", 3);
        for (int i = 0; i < 3; i++)
        {
            new ModelOptimizer(set, new SgdOptions()).Step();
        }

        instruments.Should().ContainSingle();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void StepAllocatesNothing(bool listens)
    {
        using Listener? heard = listens ? new Listener(counts: false) : null;
        using var set = new ParameterSet();
        set.Add("a", 3).Values.Fill(1);
        var accumulator = new GradientAccumulator(
            new ModelOptimizer(set, new SgdOptions(), (heard?.Options ?? new()) with { LossScaler = new LossScaler() }), new() { MicroBatches = 2 });
        Allocations.Of(() =>
        {
            accumulator.Step();
            accumulator.Step();
            accumulator.Step();
            accumulator.Flush();
        }).Should().Be(0);
    }

    /// <summary>A separate meter, and the measurements received from it.</summary>
    private sealed class Listener : IMeterFactory
    {
        private readonly List<(string Instrument, double Value, string Tags)> _heard = [];
        private readonly MeterListener _listener = new();
        private Meter? _meter;

        public Listener(bool counts = true)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Scope == this)
                {
                    Instruments.Add(instrument);
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            if (counts)
            {
                _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Hear(instrument, value, tags));
                _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Hear(instrument, value, tags));
            }
            else
            {
                _listener.SetMeasurementEventCallback<double>((_, _, _, _) => { });
            }

            _listener.Start();
        }

        public List<Instrument> Instruments { get; } = [];

        public ModelOptimizerOptions Options => new() { Name = "watched", MeterFactory = this };

        public Meter Create(MeterOptions options)
        {
            options.Scope = this;
            return _meter ??= new Meter(options);
        }

        public (string Instrument, double Value, string Tags)[] Take()
        {
            (string, double, string)[] heard = [.. _heard];
            _heard.Clear();
            return heard;
        }

        public void Dispose()
        {
            _listener.Dispose();
            _meter?.Dispose();
        }

        private void Hear(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            _heard.Add((instrument.Name, value, string.Join(",", tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))));
    }
}
