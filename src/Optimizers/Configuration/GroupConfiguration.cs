
namespace Optimizers.Configuration;

/// <summary>A <see cref="ParameterGroup"/> as data: one of the groups of a <see cref="ModelConfiguration"/>.</summary>
public sealed record GroupConfiguration
{
    /// <summary>The defaults; the optimizer, which has none, is null.</summary>
    internal static GroupConfiguration Defaults { get; } = new() { Optimizer = null! };

    /// <inheritdoc cref="ParameterGroup.Name"/>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }

    /// <summary>Which parameters belong to the group, unless an earlier group has them. Default null: all.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ParameterFilter? Where { get; init; }

    /// <inheritdoc cref="ParameterGroup.Options"/>
    public required IOptimizerOptions Optimizer { get; init; }

    /// <inheritdoc cref="ParameterGroup.Schedule"/>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ILrSchedule? Schedule { get; init; }

    /// <summary>The schedule of the momentum or β₁. Default null: the options give it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ILrSchedule? MomentumSchedule { get; init; }

    /// <summary>The schedule of the weight decay. Default null: none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ILrSchedule? WeightDecaySchedule { get; init; }

    /// <summary>A factor on the rate. Finite, at least 0; default 1.</summary>
    public double RateFactor { get; init; } = 1;

    /// <summary>The weight decay. Finite, at least 0; default null: the options give it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? WeightDecay { get; init; }

    /// <summary>Whether the parameters keep their values and their state. Default false.</summary>
    public bool Frozen { get; init; }

    /// <summary>The number format in which the state of the group is kept between steps. Default float32.</summary>
    public StateFormat StateFormat { get; init; }

    /// <summary>Whether a model may have no parameter for the group. Default false.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool MayBeEmpty { get; init; }

    /// <summary>Makes the group. Each call makes a new one; schedules are the same objects.</summary>
    /// <exception cref="ArgumentException">A property, named in the message, is out of its range.</exception>
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
        Frozen = Frozen,
        MayBeEmpty = MayBeEmpty,
    };

    /// <summary>What training depends on in a group: everything but its name and which parameters it has.</summary>
    internal static GroupConfiguration SettingsOf(ParameterGroup group) => new()
    {
        Optimizer = group.Options,
        StateFormat = group.StateFormat,
        Schedule = group.Schedule,
        MomentumSchedule = group.MomentumSchedule,
        WeightDecaySchedule = group.WeightDecaySchedule,
        RateFactor = group.RateFactor,
        WeightDecay = group.WeightDecay,
        Frozen = group.Frozen,
    };
}
