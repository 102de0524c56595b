using System.Diagnostics.Metrics;

namespace Optimizers.Diagnostics;

/// <summary>
/// The instruments for publishing the steps of models. Without a listener nothing is measured or recorded. Values that are
/// not finite are never recorded, because one such value would make a sum infinite or NaN for ever.
/// </summary>
internal sealed class StepMeter
{
    private const string MeterName = "Optimizers";
    private const string ModelTag = "optimizers.model";
    private const string GroupTag = "optimizers.group";

    private static readonly StepMeter _ofTheProcess = new(new Meter(Options()));

    private readonly Counter<long> _updates;
    private readonly Counter<long> _skips;
    private readonly Gauge<double> _rate;
    private readonly Gauge<double> _updateRatio;
    private readonly Gauge<double> _lossScale;
    private readonly Histogram<double> _norm;
    private readonly Histogram<double> _clipFactor;

    private StepMeter(Meter meter)
    {
        _updates = meter.CreateCounter<long>("optimizers.updates", "{update}", "Updates of a model.");
        _skips = meter.CreateCounter<long>(
            "optimizers.skips", "{step}", "Steps that were skipped because gradients were not finite.");
        _rate = meter.CreateGauge<double>("optimizers.learning_rate", "1", "The learning rate of the last update of a group.");
        _updateRatio = meter.CreateGauge<double>(
            "optimizers.update_ratio", "1", "The largest ‖Δp‖/‖p‖ of the last update of a group, if it is measured.");
        _lossScale = meter.CreateGauge<double>("optimizers.loss_scale", "1", "The factor that the loss was multiplied by.");
        _norm = meter.CreateHistogram(
            "optimizers.gradient_norm",
            "1",
            "The norm of the gradients before clipping.",
            advice: new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries =
                [
                    1e-6, 3e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1,
                    3, 10, 30, 100, 300, 1e3, 3e3, 1e4, 3e4, 1e5, 3e5, 1e6,
                ],
            });
        _clipFactor = meter.CreateHistogram(
            "optimizers.clip_factor",
            "1",
            "The factor that the gradients were multiplied by to clip them.",
            advice: new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries =
                    [1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99, 1],
            });
    }

    /// <summary>The instruments of a factory's meter; without a factory, the instruments that all models of the process share.</summary>
    public static StepMeter For(IMeterFactory? factory) =>
        factory is null ? _ofTheProcess : new StepMeter(factory.Create(Options()));

    /// <summary>Publishes a step that was applied or skipped.</summary>
    public void Record(string model, in StepReport report, ModelGroup[] groups)
    {
        var tag = new KeyValuePair<string, object?>(ModelTag, model);
        (report.Applied ? _updates : _skips).Add(1, tag);
        _lossScale.Record(report.LossScale, tag);
        if (double.IsFinite(report.GradientNorm))
        {
            _norm.Record(report.GradientNorm, tag);
        }

        if (!report.Applied)
        {
            return;
        }

        if (double.IsFinite(report.ClipFactor))
        {
            _clipFactor.Record(report.ClipFactor, tag);
        }

        for (int i = 0; i < groups.Length && (_rate.Enabled || _updateRatio.Enabled); i++)
        {
            if (!groups[i].Group.Frozen)
            {
                var group = new KeyValuePair<string, object?>(GroupTag, groups[i].Group.Name ?? groups[i].Number);
                _rate.Record(groups[i].Step.LearningRate, tag, group);
                if (double.IsFinite(groups[i].UpdateRatio))
                {
                    _updateRatio.Record(groups[i].UpdateRatio, tag, group);
                }
            }
        }
    }

    private static MeterOptions Options() => new(MeterName) { Version = typeof(StepMeter).Assembly.GetName().Version?.ToString(3) };
}
