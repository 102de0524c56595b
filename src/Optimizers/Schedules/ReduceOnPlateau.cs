using System.Globalization;
using System.Text.Json;

namespace Optimizers.Schedules;

/// <summary>A rate that is reduced when a metric has stopped improving; PyTorch's ReduceLROnPlateau.</summary>
/// <remarks>
/// <para>This is the only schedule with a history: call <see cref="Observe"/> with the metric of each epoch. The rate does
/// not depend on the update index. If this schedule, or a composition that contains it, is the schedule of an optimizer or a
/// group, a checkpoint saves the history. Otherwise add the schedule to the checkpoint yourself.</para>
/// <code>
/// margin = Threshold·|best|                    Absolute: Threshold
/// better:  Min: x &lt; best − margin              Max: x &gt; best + margin
///          best ← x, bad ← 0;  else bad ← bad + 1
/// cooling: if cooling &gt; 0: cooling ← cooling − 1, bad ← 0
/// if bad &gt; Patience: cooling ← Cooldown, bad ← 0, rate ← max(rate·Factor, Floor) if this lowers it by more than Epsilon
/// </code>
/// <para>Before the first metric the rate is Initial, which is the peak. In the end the rate is Floor, or a rate whose
/// next reduction would be at most Epsilon and is therefore not made. A NaN never counts as better, so the rate of a run that
/// has diverged is reduced. The first metric counts as better for every threshold, unless it is NaN
/// or infinite in the wrong direction.</para>
/// <para>PyTorch uses best instead of |best|. Above 0 both are the same. Below 0 PyTorch counts a slightly worse metric as
/// better, so the rate may never fall. If the best metric is 0, the relative margin is 0.</para>
/// </remarks>
public sealed class ReduceOnPlateau : ILrSchedule, ICheckpointed, INamed
{
    private long _bad;
    private long _cooling;

    /// <summary>Creates the schedule.</summary>
    /// <param name="initial">The first rate. Finite, at least 0.</param>
    /// <param name="mode">The direction in which the metric gets better. Default <see cref="PlateauMode.Min"/>.</param>
    /// <param name="factor">The factor of each reduction. At least 0, below 1; default 0.1, as in PyTorch.</param>
    /// <param name="patience">The number of consecutive metrics without improvement that have no effect, at least 0; default
    /// 10, as in PyTorch.</param>
    /// <param name="threshold">The improvement that a metric needs to count as better. Finite, at least 0; below 1 if it is
    /// relative and the metric should fall. Default 1e-4, as in PyTorch.</param>
    /// <param name="thresholdMode">The unit of the threshold. Default relative to the best metric so far.</param>
    /// <param name="cooldown">The number of metrics after a reduction that do not count as bad, at least 0; default 0.</param>
    /// <param name="floor">The lower limit of the rate. At least 0, at most <paramref name="initial"/>; default 0.</param>
    /// <param name="epsilon">The smallest reduction that is made. At least 0, below the first reduction of the rate; default
    /// 1e-8, as in PyTorch.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public ReduceOnPlateau(
        double initial,
        PlateauMode mode = PlateauMode.Min,
        double factor = 0.1,
        long patience = 10,
        double threshold = 1e-4,
        ThresholdMode thresholdMode = ThresholdMode.Relative,
        long cooldown = 0,
        double floor = 0,
        double epsilon = 1e-8)
    {
        Require.NonNegative(initial);
        Require.Defined(mode);
        Require.Beta(factor);
        Require.AtLeast(patience, 0);
        Require.NonNegative(threshold);
        Require.Defined(thresholdMode);
        Require.AtLeast(cooldown, 0);
        Require.NonNegative(floor);
        Require.AtMostOther(floor, initial, "Otherwise the rate could never be reduced.");
        Require.NonNegative(epsilon);
        if (initial > floor && initial - Math.Max(initial * factor, floor) <= epsilon)
        {
            throw new ArgumentOutOfRangeException(
                nameof(epsilon),
                epsilon,
                $"{nameof(epsilon)} is {epsilon}, but must be less than the first reduction of the rate, which is {initial - Math.Max(initial * factor, floor)}: smaller reductions are not made, so the rate would never change.");
        }

        if (mode == PlateauMode.Min && thresholdMode == ThresholdMode.Relative && threshold >= 1)
        {
            throw new ArgumentOutOfRangeException(
                nameof(threshold),
                threshold,
                $"{nameof(threshold)} is {threshold}, but must be below 1 if {nameof(mode)} is {mode} and {nameof(thresholdMode)} is {thresholdMode}: otherwise no loss above 0 would be better than the first.");
        }

        Initial = initial;
        Mode = mode;
        Factor = factor;
        Patience = patience;
        Threshold = threshold;
        ThresholdMode = thresholdMode;
        Cooldown = cooldown;
        Floor = floor;
        Epsilon = epsilon;
        Rate = initial;
        Best = mode == PlateauMode.Min ? double.PositiveInfinity : double.NegativeInfinity;
    }

    /// <summary>The first rate.</summary>
    public double Initial { get; }

    /// <summary>The direction in which the metric gets better.</summary>
    public PlateauMode Mode { get; }

    /// <summary>The factor of each reduction.</summary>
    public double Factor { get; }

    /// <summary>The number of consecutive metrics without improvement that have no effect.</summary>
    public long Patience { get; }

    /// <summary>The improvement that a metric needs to count as better.</summary>
    public double Threshold { get; }

    /// <summary>The unit of the threshold.</summary>
    public ThresholdMode ThresholdMode { get; }

    /// <summary>The number of metrics after a reduction that do not count as bad.</summary>
    public long Cooldown { get; }

    /// <summary>The lower limit of the rate.</summary>
    public double Floor { get; }

    /// <summary>The smallest reduction that is made.</summary>
    public double Epsilon { get; }

    /// <summary>
    /// The name of its history in a checkpoint; two of these schedules in one checkpoint need different names. Default
    /// "reduce_on_plateau".
    /// </summary>
    public string Name
    {
        get;
        init
        {
            ArgumentException.ThrowIfNullOrEmpty(value, nameof(Name));
            field = value;
        }
    } = "reduce_on_plateau";

    /// <summary>The current rate.</summary>
    public double Rate { get; private set; }

    /// <summary>The best metric so far; infinite before the first.</summary>
    public double Best { get; private set; }

    /// <summary>Records the metric of an epoch at its end, and reduces the rate if necessary.</summary>
    /// <returns>The rate from now on.</returns>
    public double Observe(double metric)
    {
        if (IsBetter(metric))
        {
            Best = metric;
            _bad = 0;
        }
        else
        {
            _bad++;
        }

        if (_cooling > 0)
        {
            _cooling--;
            _bad = 0;
        }

        if (_bad > Patience)
        {
            double lower = Math.Max(Rate * Factor, Floor);
            Rate = Rate - lower > Epsilon ? lower : Rate;
            _cooling = Cooldown;
            _bad = 0;
        }

        return Rate;
    }

    /// <summary>
    /// Forgets all metrics and sets the rate to Initial again, for example after loading a checkpoint with the history of an
    /// earlier schedule.
    /// </summary>
    public void Reset()
    {
        Rate = Initial;
        Best = Mode == PlateauMode.Min ? double.PositiveInfinity : double.NegativeInfinity;
        _bad = 0;
        _cooling = 0;
    }

    /// <summary>The current rate, for every index.</summary>
    /// <inheritdoc/>
    public double At(long step)
    {
        Require.AtLeast(step, 0);
        return Rate;
    }

    /// <summary>The constructor arguments, in the format of a record; the history is not included.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{nameof(ReduceOnPlateau)} {{ Initial = {Initial}, Mode = {Mode}, Factor = {Factor}, Patience = {Patience}, Threshold = {Threshold}, ThresholdMode = {ThresholdMode}, Cooldown = {Cooldown}, Floor = {Floor}, Epsilon = {Epsilon} }}");

    /// <inheritdoc/>
    public void Describe(CheckpointManifest contents)
    {
        ArgumentNullException.ThrowIfNull(contents);
        contents.Lists(this);
        contents.Value(Name, Save, Accept);
    }

    private bool IsBetter(double metric)
    {
        // Infinity times a threshold of 0 would be NaN; an infinite best metric needs no margin.
        double margin = ThresholdMode == ThresholdMode.Absolute ? Threshold
            : double.IsFinite(Best) ? Threshold * Math.Abs(Best)
            : 0;
        return Mode == PlateauMode.Min ? metric < Best - margin : metric > Best + margin;
    }

    private string Save() => ConfigurationText.Write(json =>
    {
        json.WriteStartObject();
        json.WriteNumber("rate", Rate);

        // As text, because JSON has no number for infinity.
        json.WriteString("best", Best.ToString("R", CultureInfo.InvariantCulture));
        json.WriteNumber("bad", _bad);
        json.WriteNumber("cooling", _cooling);
        json.WriteEndObject();
    });

    private Action Accept(string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement history = document.RootElement;
            double rate = history.GetProperty("rate").GetDouble();
            double best = double.Parse(history.GetProperty("best").GetString()!, CultureInfo.InvariantCulture);
            long bad = history.GetProperty("bad").GetInt64();
            long cooling = history.GetProperty("cooling").GetInt64();
            if (rate >= 0 && float.IsFinite((float)rate) && !double.IsNaN(best) && bad >= 0 && cooling >= 0)
            {
                return () => (Rate, Best, _bad, _cooling) = (rate, best, bad, cooling);
            }
        }
        catch (Exception exception) when (exception
            is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentNullException)
        {
            throw Unusable(json, exception);
        }

        throw Unusable(json, null);
    }

    private FormatException Unusable(string json, Exception? cause) => new(
        $"\"{Name}\" must contain a finite rate of at least 0, counts of at least 0, and a best metric that is not NaN, but it is {json}.", cause);

    internal static NamedType Named { get; } = new NamedType<ReduceOnPlateau>(new ReduceOnPlateauContract(), new ReduceOnPlateau(0));

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(ReduceOnPlateau), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class ReduceOnPlateauContract : JsonSerializerContext;
