namespace Optimizers.Training;

/// <summary>
/// The loss scale of the accumulated micro-batches. It must be the same for all of them, because a sum of gradients with
/// different scales cannot be unscaled.
/// </summary>
internal sealed class AccumulationScale
{
    /// <summary>The name of the loss scale in a checkpoint. Version 1 of the format does not have it.</summary>
    public const string Name = "loss_scale";

    // The loss scaler's own scale at the first micro-batch; NaN if it is unknown.
    private double _ofScaler = double.NaN;

    /// <summary>The loss scale of the micro-batches; null if there are no micro-batches or the scale is unknown.</summary>
    public LossScale? LossScale { get; private set; }

    /// <summary>Stores the scale of the first micro-batch, and throws if a later one has a different scale.</summary>
    /// <param name="lossScale">The loss scale of this micro-batch.</param>
    /// <param name="ofScaler">The scale of the <see cref="LossScaler"/>; 1 without one.</param>
    /// <param name="accumulated">The number of micro-batches before this one.</param>
    public void Require(LossScale lossScale, double ofScaler, int accumulated)
    {
        if (accumulated == 0 || LossScale is null)
        {
            (LossScale, _ofScaler) = (lossScale, ofScaler);
        }
        else if (lossScale != LossScale)
        {
            throw new ArgumentException(
                $"This micro-batch has the loss scale {TextOf(lossScale)}, but the {accumulated} before it in this update have {TextOf(LossScale.Value)}. Gradients with different scales cannot be added. "
                + $"Give all micro-batches of an update the same loss scale, or call {nameof(GradientAccumulator.Discard)} to drop the accumulated ones.",
                nameof(lossScale));
        }
        else if (double.IsNaN(_ofScaler))
        {
            _ofScaler = ofScaler;
        }
        else if (ofScaler != _ofScaler)
        {
            throw new InvalidOperationException(string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"The scale of the {nameof(LossScaler)} is {ofScaler}, but was {_ofScaler} at the first of the {accumulated} micro-batches in this update. Gradients with different scales cannot be added. Change the scale, or step the wrapped optimizer directly, only between updates; or call {nameof(GradientAccumulator.Discard)} to drop the accumulated micro-batches."));
        }
    }

    /// <summary>Clears the scale. The next micro-batch is then the first of an update.</summary>
    public void Forget() => (LossScale, _ofScaler) = (null, double.NaN);

    /// <summary>Records that a checkpoint was loaded. If the file has no loss scale, the next micro-batch sets it.</summary>
    public void Loaded(bool hasLossScale)
    {
        LossScale = hasLossScale ? LossScale : null;
        _ofScaler = double.NaN;
    }

    /// <summary>Adds the loss scale to the list of a checkpoint's contents.</summary>
    public void Describe(CheckpointManifest contents, Func<int> accumulated)
    {
        contents.Scalar(
            Name,
            () => accumulated() == 0 ? 1 : (LossScale ?? default).Factor,
            value => LossScale = new LossScale(Optimizers.Require.IsScale(value) ? value : 1) { MicroBatches = (LossScale ?? default).MicroBatches });
        contents.Counter(
            "loss_scale_micro_batches",
            () => accumulated() == 0 ? 1 : (LossScale ?? default).MicroBatches,
            value => LossScale = (LossScale ?? default) with { MicroBatches = Math.Clamp(value, 1, int.MaxValue) });
    }

    private static string TextOf(LossScale lossScale) => string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"{lossScale.Factor}{(lossScale.MicroBatches == 1 ? "" : $" for the sum of {lossScale.MicroBatches}")}");
}
