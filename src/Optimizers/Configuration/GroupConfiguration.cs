
namespace Optimizers.Configuration;

/// <summary>A <see cref="ParameterGroup"/> as data: one of the groups of a <see cref="ModelConfiguration"/>.</summary>
public sealed record GroupConfiguration
{
    /// <summary>The defaults. The optimizer has no default; it is null.</summary>
    internal static GroupConfiguration Defaults { get; } = new() { Optimizer = null! };

    /// <inheritdoc cref="ParameterGroup.Name"/>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }

    /// <summary>Selects the parameters of the group; a parameter belongs to the first group that selects it. Default null: all
    /// parameters.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ParameterFilter? Where { get; init; }

    /// <inheritdoc cref="ParameterGroup.Options"/>
    public required IOptimizerOptions Optimizer { get; init; }

    /// <inheritdoc cref="ParameterGroup.Schedule"/>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ILrSchedule? Schedule { get; init; }

    /// <summary>The schedule of the momentum or β₁. Default null: the value of the options.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ILrSchedule? MomentumSchedule { get; init; }

    /// <summary>The schedule of the weight decay. Default null: none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ILrSchedule? WeightDecaySchedule { get; init; }

    /// <summary>A factor on the rate. Finite, at least 0; default 1.</summary>
    public double RateFactor { get; init; } = 1;

    /// <summary>The weight decay. Finite, at least 0; default null: the decay of the options.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? WeightDecay { get; init; }

    /// <summary>The momentum or β₁. At least 0 and below 1; default null: the value of the options.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Momentum { get; init; }

    /// <summary>Whether the group is frozen: its parameters keep their values and their state. Default false.</summary>
    public bool Frozen { get; init; }

    /// <summary>The number format in which the state of the group is kept between steps. Default float32.</summary>
    public StateFormat StateFormat { get; init; }

    /// <summary>Whether the group may have no parameter. Default false.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool MayBeEmpty { get; init; }

    /// <summary>Creates the group. Each call creates a new group with the same schedule objects.</summary>
    /// <exception cref="ArgumentException">A property is out of its range; the message names it.</exception>
    public ParameterGroup Create() => new(Optimizer)
    {
        Name = Name,
        Where = Where is null ? null : Where.Matches,
        StateFormat = StateFormat,
        Schedule = Schedule,
        MomentumSchedule = MomentumSchedule,
        WeightDecaySchedule = WeightDecaySchedule,
        RateFactor = RateFactor,
        WeightDecay = WeightDecay,
        Momentum = Momentum,
        Frozen = Frozen,
        MayBeEmpty = MayBeEmpty,
    };

    /// <summary>The settings of a group that training depends on: everything except its name and its parameters.</summary>
    internal static GroupConfiguration SettingsOf(ParameterGroup group) => new()
    {
        Optimizer = group.Options,
        StateFormat = group.StateFormat,
        Schedule = group.Schedule,
        MomentumSchedule = group.MomentumSchedule,
        WeightDecaySchedule = group.WeightDecaySchedule,
        RateFactor = group.RateFactor,
        WeightDecay = group.WeightDecay,
        Momentum = group.Momentum,
        Frozen = group.Frozen,
    };
}
