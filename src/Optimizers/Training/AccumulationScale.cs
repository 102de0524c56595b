namespace Optimizers.Training;

/// <summary>
/// The loss scale of the micro-batches that are accumulated. It must be the same for all of them, because a sum of gradients with
/// different scales cannot be unscaled.
/// </summary>
internal sealed class AccumulationScale
{
    /// <summary>The name of the loss scale in a checkpoint. Version 1 of the format does not have it.</summary>
    public const string Name = "loss_scale";

    // The loss scaler's own scale at the first micro-batch; NaN if it is not known.
    private double _ofScaler = double.NaN;

    /// <summary>The loss scale that the micro-batches were given; null if there are none, or it is not known.</summary>
    public LossScale? LossScale { get; private set; }

    /// <summary>Takes the scale of the first micro-batch, and refuses another one for those that follow.</summary>
    /// <param name="lossScale">The loss scale that the micro-batch is given.</param>
    /// <param name="ofScaler">The scale of the <see cref="LossScaler"/>; 1 without one.</param>
    /// <param name="accumulated">The number of micro-batches before it.</param>
    public void Require(LossScale lossScale, double ofScaler, int accumulated)
    {
        if (accumulated == 0 || LossScale is null)
        {
            (LossScale, _ofScaler) = (lossScale, ofScaler);
        }
        else if (lossScale != LossScale)
        {
            throw new ArgumentException(
                $"This micro-batch has the loss scale {TextOf(lossScale)}, but the {accumulated} before it in this update have {TextOf(LossScale.Value)}, and their gradients are added. "
                + $"Give all micro-batches of an update the same loss scale; {nameof(GradientAccumulator.Discard)} forgets those that there are.",
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
                $"The scale of the {nameof(LossScaler)} is {ofScaler}, but was {_ofScaler} at the first of the {accumulated} micro-batches in this update, and their gradients are added. Change it, or step the optimizer within, only between updates; {nameof(GradientAccumulator.Discard)} forgets the micro-batches that there are."));
        }
    }

    /// <summary>Forgets the scale: the next micro-batch is the first of an update.</summary>
    public void Forget() => (LossScale, _ofScaler) = (null, double.NaN);

    /// <summary>Takes note of a load. What the file does not have, the next micro-batch says.</summary>
    public void Loaded(bool hasLossScale)
    {
        LossScale = hasLossScale ? LossScale : null;
        _ofScaler = double.NaN;
    }

    /// <summary>Lists the loss scale.</summary>
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
