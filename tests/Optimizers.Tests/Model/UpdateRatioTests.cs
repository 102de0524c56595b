using System.Diagnostics.Metrics;

namespace Optimizers.Tests;

/// <summary>What can be watched while a model trains.</summary>
public sealed class UpdateRatioTests
{
    [Theory]
    [MemberData(nameof(Catalogue.Variants), MemberType = typeof(Catalogue))]
    public void MeasuringChangesNoBitAndIsRight(string name)
    {
        const int Length = 10_001;
        OptimizerVariant variant = Catalogue.Variant(name);
        using var measured = new ParameterSet();
        using var plain = new ParameterSet();
        foreach (ParameterSet set in new[] { measured, plain })
        {
            set.Add("a", variant.Shape(Length));
            Draw.Floats(1, Length).CopyTo(set["a"].Values);
        }

        var watched = new ModelOptimizer(measured, variant.Options, new() { MeasureUpdates = true });
        var unwatched = new ModelOptimizer(plain, variant.Options);
        for (int step = 0; step < 3; step++)
        {
            float[] before = measured["a"].Values.ToArray();
            Draw.Floats(2 + step, Length).CopyTo(measured["a"].Gradients);
            Draw.Floats(2 + step, Length).CopyTo(plain["a"].Gradients);
            double ratio = watched.Step().LargestUpdateRatio;
            unwatched.Step().LargestUpdateRatio.Should().Be(double.NaN);
            double moved = 0, weight = 0;
            for (int i = 0; i < Length; i++)
            {
                moved += Math.Pow(measured["a"].Values[i] - before[i], 2);
                weight += Math.Pow(before[i], 2);
            }

            ratio.Should().BeApproximately(Math.Sqrt(moved / weight), 1e-6 * ratio);
            ratio.Should().Be(watched.UpdateRatioOf(watched.Groups[0]));
        }

        measured["a"].Values.ToArray().ShouldHaveTheBitsOf(plain["a"].Values.ToArray(), "values");
        watched.StateOf("a").Save().ShouldHaveTheBitsOf(unwatched.StateOf("a").Save(), "state");
    }

    [Fact]
    public void WeightsThatAreAllZeroHaveNoRatio()
    {
        using var set = new ParameterSet();
        set.AddRange(("a", [2]), ("zero", [5]));
        set["a"].Values.Fill(2);
        set["a"].Gradients.Fill(1);
        set["zero"].Gradients.Fill(1);
        new ModelOptimizer(set, new SgdOptions { LearningRate = 1 }, new() { MeasureUpdates = true }).Step()
            .LargestUpdateRatio.Should().Be(0.5);
    }

    [Fact]
    public void AListenerHearsOfEveryStep()
    {
        var heard = new List<(string Instrument, double Value, string Tags)>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Meter.Name == "Optimizers")
                {
                    l.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Hear(instrument, value, tags));
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Hear(instrument, value, tags));
        listener.Start();

        using var set = new ParameterSet();
        set.AddRange(("a", [2]), ("b", [3]));
        set["a"].Values.Fill(1);
        set["a"].Gradients.Fill(1);
        var model = new ModelOptimizer(
            set,
            [new(new SgdOptions { LearningRate = 0.5 }) { Where = p => p.Name == "a", Name = "body" }, new(new SgdOptions { LearningRate = 2 })],
            new()
            {
                Name = "watched",
                Clip = new ClipByGlobalNorm { MaximumNorm = 1 },
                NonFinite = NonFinitePolicy.Skip,
                MeasureUpdates = true,
            });
        StepReport report = model.Step();
        heard.Should().BeEquivalentTo(new[]
        {
            ("optimizers.updates", 1, "model=watched"),
            ("optimizers.gradient_norm", Math.Sqrt(2), "model=watched"),
            ("optimizers.loss_scale", 1, "model=watched"),
            ("optimizers.clip_factor", report.ClipFactor, "model=watched"),
            ("optimizers.learning_rate", 0.5, "model=watched,group=body"),
            ("optimizers.update_ratio", report.LargestUpdateRatio, "model=watched,group=body"),
            ("optimizers.learning_rate", 2, "model=watched,group=1"),
        });

        heard.Clear();
        set["a"].Gradients[0] = float.NaN;
        model.Step();
        heard.Select(one => one.Instrument).Should().BeEquivalentTo("optimizers.skips", "optimizers.gradient_norm", "optimizers.loss_scale");

        void Hear(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            string text = string.Join(",", tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"));
            if (text.StartsWith("model=watched", StringComparison.Ordinal))
            {
                lock (heard)
                {
                    heard.Add((instrument.Name, value, text));
                }
            }
        }
    }
}
