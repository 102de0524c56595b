using System.Diagnostics.Metrics;

namespace Optimizers;

/// <summary>
/// What steps of models publish through <see cref="Meter"/>; nothing is measured or recorded until somebody listens.
/// </summary>
internal static class StepMeter
{
    private static readonly Meter _meter = new("Optimizers");

    private static readonly Counter<long> _updates = _meter.CreateCounter<long>(
        "optimizers.updates", "{update}", "Updates of a model.");

    private static readonly Counter<long> _skips = _meter.CreateCounter<long>(
        "optimizers.skips", "{step}", "Steps that were skipped for gradients that were not finite.");

    private static readonly Gauge<double> _rate = _meter.CreateGauge<double>(
        "optimizers.learning_rate", description: "The rate of the last update of a group.");

    private static readonly Gauge<double> _updateRatio = _meter.CreateGauge<double>(
        "optimizers.update_ratio", description: "The largest ‖Δp‖/‖p‖ of the last update of a group, if it is measured.");

    private static readonly Histogram<double> _norm = _meter.CreateHistogram<double>(
        "optimizers.gradient_norm", description: "The norm of the gradients before clipping.");

    private static readonly Histogram<double> _clipFactor = _meter.CreateHistogram<double>(
        "optimizers.clip_factor", description: "What the gradients were multiplied by to clip them.");

    private static readonly Gauge<double> _lossScale = _meter.CreateGauge<double>(
        "optimizers.loss_scale", description: "What the loss was multiplied by.");

    /// <summary>Publishes a step that was applied or skipped.</summary>
    public static void Record(string model, in StepReport report, GroupRun[] groups)
    {
        var tag = new KeyValuePair<string, object?>("model", model);
        (report.Applied ? _updates : _skips).Add(1, tag);
        _norm.Record(report.GradientNorm, tag);
        _lossScale.Record(report.LossScale, tag);
        if (!report.Applied)
        {
            return;
        }

        _clipFactor.Record(report.ClipFactor, tag);
        for (int i = 0; i < groups.Length && (_rate.Enabled || _updateRatio.Enabled); i++)
        {
            if (!groups[i].Group.Frozen)
            {
                var group = new KeyValuePair<string, object?>("group", groups[i].Group.Name ?? groups[i].Number);
                _rate.Record(groups[i].Prepared.LearningRate, tag, group);
                if (!double.IsNaN(groups[i].UpdateRatio))
                {
                    _updateRatio.Record(groups[i].UpdateRatio, tag, group);
                }
            }
        }
    }
}
