namespace Optimizers;

/// <summary>A group of a model, with the step that updates it.</summary>
internal sealed class ModelGroup(ParameterGroup group, int index, ILrSchedule? schedule)
{
    private GroupSettings _made = GroupSettings.Of(group);

    public ParameterGroup Group { get; } = group;

    /// <summary>
    /// The settings that the program gave the group, without its changes during the run: the settings when the optimizer was
    /// created, and those at its first update, if there was one.
    /// </summary>
    public IEnumerable<GroupSettings> Beginnings => Started is { } started ? [_made, started] : [_made];

    /// <summary>The settings at the first update of the run; null before it.</summary>
    public GroupSettings? Started { get; private set; }

    /// <summary>Records the settings at the first update.</summary>
    public void Start() => Started ??= GroupSettings.Of(Group);

    /// <summary>Continues another run: a later checkpoint then records the initial settings of that run.</summary>
    public void TakeBeginnings(IReadOnlyList<GroupSettings> beginnings)
    {
        if (beginnings.Count > 0)
        {
            _made = beginnings[0];
            Started = beginnings.Count > 1 ? beginnings[1] : null;
        }
    }

    /// <summary>The index of the group, as text.</summary>
    public string Number { get; } = index.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The index of the group and its name, if it has one, for messages.</summary>
    public string Title { get; } = group.TitleAt(index);

    public GroupStep Step { get; } = GroupStep.Of(group.Options);

    /// <summary>The update histories of the states that take part in a step.</summary>
    public GroupHistories Histories { get; } = new();

    /// <summary>Whether at least one parameter of the group is a table.</summary>
    public bool HasTables { get; set; }

    /// <summary>The state that holds the scalars for the whole group, if the group shares them; otherwise null.</summary>
    public OptimizerState? Shared { get; set; }

    /// <summary>Whether the group was frozen when the plan was built.</summary>
    public bool WasFrozen { get; set; }

    /// <summary>The largest ratio of update to weights in the group's last measured update; NaN if there is none.</summary>
    public double UpdateRatio { get; set; } = double.NaN;

    /// <inheritdoc cref="ParameterGroup.Has"/>
    public bool Has(Parameter parameter) => Group.Has(parameter, index);

    /// <summary>The learning rate of an update.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The rate is negative, NaN or infinite.</exception>
    public double RateAt(long update)
    {
        ILrSchedule? ofGroup = Group.Schedule ?? schedule;
        double learningRate = (Group.TriedRate ?? ofGroup?.At(update) ?? Group.Options.LearningRate) * Group.RateFactor;
        return learningRate >= 0 && float.IsFinite((float)learningRate)
            ? learningRate
            : throw OutOfRange(
                nameof(learningRate),
                learningRate,
                $"The rate of {Title} is {learningRate} in update {update}, but must be finite and at least 0. Check its schedule and "
                + $"its {nameof(ParameterGroup.RateFactor)}.");
    }

    /// <summary>The momentum that a schedule or the group sets for an update; null if neither does.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The momentum is not in [0, 1).</exception>
    public double? MomentumAt(long update)
    {
        double? momentum = Group.MomentumSchedule?.At(update) ?? Group.Momentum;
        return momentum is null or (>= 0 and < 1) && (float)(momentum ?? 0) < 1
            ? momentum
            : throw OutOfRange(
                nameof(Group.MomentumSchedule),
                momentum,
                $"The {nameof(Group.MomentumSchedule)} of {Title} returned {momentum} in update {update}, but a momentum must be at least 0 "
                + "and less than 1, also after it is rounded to float.");
    }

    /// <summary>The weight decay of an update.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The weight decay is negative, NaN or infinite.</exception>
    public double DecayAt(long update)
    {
        double decay = Group.WeightDecaySchedule?.At(update) ?? Group.WeightDecay ?? Group.Options.WeightDecay;
        return decay >= 0 && float.IsFinite((float)decay)
            ? decay
            : throw OutOfRange(
                nameof(Group.WeightDecaySchedule),
                decay,
                $"The weight decay of {Title} is {decay} in update {update}, but must be finite and at least 0. Check its {nameof(ParameterGroup.WeightDecaySchedule)} or its options.");
    }

    /// <summary>Begins the step of an update.</summary>
    public void Begin(long update, bool zeroGradients)
    {
        double learningRate = RateAt(update);
        double decay = DecayAt(update);
        if (!Group.Frozen)
        {
            Step.RequireDecay(learningRate, decay, Title);
        }

        if (HasTables && Step.WhyNotRows(decay) is { } reason)
        {
            throw Refused($"{Title} has a table, which cannot be updated: {reason}.", nameof(ParameterGroup.WeightDecay));
        }

        Step.Begin(learningRate, decay, zeroGradients, MomentumAt(update) ?? double.NaN);
    }

    private static ArgumentOutOfRangeException OutOfRange(string option, double? value, string message) => new(option, value, message);

    private static ArgumentException Refused(string message, string option) => new(message, option);
}
