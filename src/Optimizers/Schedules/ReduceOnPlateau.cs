using System.Globalization;
using System.Text.Json;

namespace Optimizers.Schedules;

/// <summary>A rate that is lowered whenever a metric has stopped getting better; PyTorch's ReduceLROnPlateau.</summary>
/// <remarks>
/// <para>The one schedule with a history: give it the metric of each epoch with <see cref="Observe"/>. Its rate does not
/// depend on the index of the update. A checkpoint saves its history with the optimizer or the group that has it as a schedule,
/// also as a part of another schedule; elsewhere, add it to the checkpoint.</para>
/// <code>
/// margin = Threshold·|best|                    Absolute: Threshold
/// better:  Min: x &lt; best − margin              Max: x &gt; best + margin
///          best ← x, bad ← 0;  else bad ← bad + 1
/// cooling: if cooling &gt; 0: cooling ← cooling − 1, bad ← 0
/// if bad &gt; Patience: cooling ← Cooldown, bad ← 0, rate ← max(rate·Factor, Floor) if that is lower by more than Epsilon
/// </code>
/// <para>Before the first metric the rate is Initial, the peak; in the end it is Floor or what is left of the rate. A NaN
/// is never better, so that a run that has diverged is slowed down. The first metric that is neither NaN nor infinite in
/// the wrong direction is better, whatever the threshold.</para>
/// <para>PyTorch takes best in the place of |best|. Above 0 that is the same. Below 0 PyTorch counts a slightly worse metric
/// as better, so that the rate may never fall. With a best metric of 0 the relative margin is 0.</para>
/// </remarks>
public sealed class ReduceOnPlateau : ILrSchedule, ICheckpointed, INamed
{
    private long _bad;
    private long _cooling;

    /// <summary>Makes the schedule.</summary>
    /// <param name="initial">The rate to begin with. Finite, at least 0.</param>
    /// <param name="mode">Which way the metric is to go. Default down.</param>
    /// <param name="factor">What the rate is multiplied by. At least 0, below 1; default 0.1, as in PyTorch.</param>
    /// <param name="patience">How many metrics in a row may be no better without effect, at least 0; default 10, as in PyTorch.</param>
    /// <param name="threshold">By how much a metric must be better to count. Finite, at least 0, and below 1 if it is relative
    /// to a metric that is to fall; default 1e-4, as in PyTorch.</param>
    /// <param name="thresholdMode">What the threshold is measured by. Default the best metric so far.</param>
    /// <param name="cooldown">For how many metrics after a change none counts as bad, at least 0; default 0.</param>
    /// <param name="floor">What the rate does not fall below. At least 0, at most <paramref name="initial"/>; default 0.</param>
    /// <param name="epsilon">The smallest change that is made. At least 0, below the first change of the rate; default 1e-8, as in
    /// PyTorch.</param>
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
        Require.AtMostOther(floor, initial, "The rate could never be lowered.");
        Require.NonNegative(epsilon);
        if (initial > floor && initial - Math.Max(initial * factor, floor) <= epsilon)
        {
            throw new ArgumentOutOfRangeException(
                nameof(epsilon),
                epsilon,
                $"{nameof(epsilon)} must be less than the first change of the rate, which is {initial - Math.Max(initial * factor, floor)}: smaller changes are not made, so the rate would never be lowered.");
        }

        if (mode == PlateauMode.Min && thresholdMode == ThresholdMode.Relative && threshold >= 1)
        {
            throw new ArgumentOutOfRangeException(
                nameof(threshold),
                threshold,
                $"{nameof(threshold)} is {threshold}, but must be below 1 where {nameof(mode)} is {mode} and {nameof(thresholdMode)} is {thresholdMode}: no loss above 0 would be better than the first.");
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

    /// <summary>The rate to begin with.</summary>
    public double Initial { get; }

    /// <summary>Which way the metric is to go.</summary>
    public PlateauMode Mode { get; }

    /// <summary>What the rate is multiplied by.</summary>
    public double Factor { get; }

    /// <summary>How many metrics in a row may be no better without effect.</summary>
    public long Patience { get; }

    /// <summary>By how much a metric must be better to count.</summary>
    public double Threshold { get; }

    /// <summary>What the threshold is measured by.</summary>
    public ThresholdMode ThresholdMode { get; }

    /// <summary>For how many metrics after a change none counts as bad.</summary>
    public long Cooldown { get; }

    /// <summary>What the rate does not fall below.</summary>
    public double Floor { get; }

    /// <summary>The smallest change that is made.</summary>
    public double Epsilon { get; }

    /// <summary>What a checkpoint knows its history by; two in one checkpoint need two names. Default "reduce_on_plateau".</summary>
    public string Name
    {
        get;
        init
        {
            ArgumentException.ThrowIfNullOrEmpty(value, nameof(Name));
            field = value;
        }
    } = "reduce_on_plateau";

    /// <summary>The rate now.</summary>
    public double Rate { get; private set; }

    /// <summary>The best metric so far; infinite before the first.</summary>
    public double Best { get; private set; }

    /// <summary>Takes the metric of the epoch that has ended.</summary>
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

    /// <summary>Forgets all metrics: the rate is Initial again. For a load that took over the history of an earlier schedule, say.</summary>
    public void Reset()
    {
        Rate = Initial;
        Best = Mode == PlateauMode.Min ? double.PositiveInfinity : double.NegativeInfinity;
        _bad = 0;
        _cooling = 0;
    }

    /// <summary>The rate now, whatever the index.</summary>
    /// <inheritdoc/>
    public double At(long step)
    {
        Require.AtLeast(step, 0);
        return Rate;
    }

    /// <summary>What it was made with, as a record says it; not its history.</summary>
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
        // Infinity times a threshold of 0 is NaN; an infinite best needs no margin.
        double margin = ThresholdMode == ThresholdMode.Absolute ? Threshold
            : double.IsFinite(Best) ? Threshold * Math.Abs(Best)
            : 0;
        return Mode == PlateauMode.Min ? metric < Best - margin : metric > Best + margin;
    }

    private string Save() => ConfigurationText.Write(json =>
    {
        json.WriteStartObject();
        json.WriteNumber("rate", Rate);

        // As text, for JSON has no number for infinity.
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
        $"\"{Name}\" must have a rate and counts of at least 0 and the best metric, but is {json}.", cause);

    internal static NamedType Named { get; } = new NamedType<ReduceOnPlateau>(new ReduceOnPlateauContract(), new ReduceOnPlateau(0));

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(ReduceOnPlateau), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class ReduceOnPlateauContract : JsonSerializerContext;
