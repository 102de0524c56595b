namespace Optimizers;

/// <summary>
/// A group of parameters with the same optimizer, rate and weight decay, and the condition that selects them.
/// </summary>
/// <remarks>
/// A group belongs to one model, because changes of <see cref="RateFactor"/>, <see cref="WeightDecay"/>, <see cref="Momentum"/>
/// and <see cref="Frozen"/> between steps would act on every model that uses the group. A second <see cref="ModelOptimizer"/> may use the group only
/// for the same <see cref="ParameterSet"/>, or after that set is disposed. Several groups may have the same options.
/// </remarks>
/// <example>
/// <code>
/// ParameterGroup[] groups =
/// [
///     new(new AdamWOptions { WeightDecay = 0.1 }) { Where = p => p.Shape.Count >= 2 },
///     new(new AdamWOptions { WeightDecay = 0 }),
/// ];
/// </code>
/// </example>
public sealed class ParameterGroup
{
    /// <summary>Creates a group.</summary>
    /// <param name="options">The optimizer's hyperparameters.</param>
    /// <exception cref="ArgumentNullException">The options are null.</exception>
    /// <exception cref="ArgumentException">An option is out of its range; the message names it.</exception>
    public ParameterGroup(IOptimizerOptions options)
    {
        OptionsCheck.Validate(options);
        Options = options;
    }

    /// <summary>The name of the group in metrics. Default null: its index.</summary>
    public string? Name { get; init; }

    /// <summary>The optimizer's hyperparameters.</summary>
    public IOptimizerOptions Options { get; }

    /// <summary>Selects the parameters of the group; a parameter belongs to the first group that selects it. Default null: all
    /// parameters.</summary>
    public Predicate<Parameter>? Where { get; init; }

    /// <summary>
    /// Whether the group may have no parameter when its optimizer is created. Set it if parameters are added to the set later,
    /// or if the same groups are used for models with and without such parameters. Default false: a <see cref="Where"/> that
    /// matches nothing throws, because it is usually a mistake. A group without <see cref="Where"/>, which takes the rest of
    /// the parameters, may always be empty.
    /// </summary>
    public bool MayBeEmpty { get; init; }

    /// <summary>The number format in which the state of the group is kept between steps. Default float32.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a member of the enumeration.</exception>
    public StateFormat StateFormat
    {
        get;
        init
        {
            Require.Defined(value, nameof(StateFormat));
            field = value;
        }
    }

    /// <summary>The schedule of the group's rate, which replaces the model's. Default null: the model's schedule.</summary>
    public ILrSchedule? Schedule { get; init; }

    /// <summary>
    /// The schedule of the momentum or β₁, for example <see cref="Schedules.OneCycle.Momentum"/>. It replaces the value of the
    /// options. Its values must be at least 0 and below 1. Default null: the value of the options.
    /// </summary>
    /// <remarks>
    /// Bias correction then uses the product of the β₁ that were used, which the state of each parameter keeps. PyTorch
    /// instead uses the current β₁ to the power of t, as if β₁ had never changed.
    /// </remarks>
    /// <exception cref="ArgumentException">The optimizer has no momentum.</exception>
    public ILrSchedule? MomentumSchedule
    {
        get;
        init
        {
            if (value is not null)
            {
                RequireMomentum(nameof(MomentumSchedule));
            }

            RequireOne(Momentum, nameof(Momentum), value, nameof(MomentumSchedule), nameof(MomentumSchedule));
            field = value;
        }
    }

    /// <summary>
    /// The momentum or β₁, which replaces the value of the options and can be changed between steps. At least 0 and below 1.
    /// Default null: the value of the options. Do not set <see cref="MomentumSchedule"/> as well.
    /// </summary>
    /// <remarks>Bias correction uses the product of the β₁ that were used, as for <see cref="MomentumSchedule"/>.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in [0, 1).</exception>
    /// <exception cref="ArgumentException">The optimizer has no momentum, or a <see cref="MomentumSchedule"/> is set.</exception>
    public double? Momentum
    {
        get;
        set
        {
            if (value is { } momentum)
            {
                RequireMomentum(nameof(Momentum));
                Require.NonNegative(momentum, nameof(Momentum));
                if ((float)momentum >= 1)
                {
                    throw new ArgumentOutOfRangeException(
                        nameof(Momentum), momentum, $"{nameof(Momentum)} is {momentum}, but must be less than 1, also after it is rounded to float.");
                }
            }

            RequireOne(value, nameof(Momentum), MomentumSchedule, nameof(MomentumSchedule), nameof(Momentum));
            field = value;
        }
    }

    /// <summary>
    /// The schedule of the weight decay, which replaces the value of the options. Do not set <see cref="WeightDecay"/> as well.
    /// Default null.
    /// </summary>
    public ILrSchedule? WeightDecaySchedule
    {
        get;
        init
        {
            RequireOne(WeightDecay, nameof(WeightDecay), value, nameof(WeightDecaySchedule), nameof(WeightDecaySchedule));
            field = value;
        }
    }

    /// <summary>A factor on the rate of the schedule or of the options. Finite, at least 0; default 1.</summary>
    /// <remarks>With 0 the parameters keep their values but their state changes; with <see cref="Frozen"/> the state stays
    /// too.</remarks>
    public double RateFactor
    {
        get;
        set
        {
            Require.NonNegative(value, nameof(RateFactor));
            field = value;
        }
    } = 1;

    /// <summary>The weight decay, which replaces that of the options. Finite, at least 0; default null: the decay of the
    /// options.</summary>
    public double? WeightDecay
    {
        get;
        set
        {
            if (value is { } decay)
            {
                Require.NonNegative(decay, nameof(WeightDecay));
            }

            RequireOne(value, nameof(WeightDecay), WeightDecaySchedule, nameof(WeightDecaySchedule), nameof(WeightDecay));

            field = value;
        }
    }

    /// <summary>
    /// Whether the group is frozen: its parameters do not move or decay, their update counts stay, and they are not part of
    /// the norm. Their state is kept. Can be changed between steps. Default false.
    /// </summary>
    public bool Frozen { get; set; }

    /// <summary>
    /// The set of the model that the group belongs to, until the set is disposed; null before the first optimizer is created.
    /// </summary>
    internal ParameterSet? Model
    {
        get => field is { IsDisposed: false } ? field : null;
        set;
    }

    /// <summary>The index and the name, if there is one, for messages.</summary>
    internal string TitleAt(int index) => Name is null ? $"group {index}" : $"group {index} ({Quoted.Name(Name)})";

    /// <summary>Whether the group selects a parameter. The caller asks earlier groups first.</summary>
    /// <exception cref="InvalidOperationException">The predicate of the group threw the inner exception.</exception>
    internal bool Has(Parameter parameter, int index)
    {
        try
        {
            return Where?.Invoke(parameter) ?? true;
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException(
                $"The predicate {nameof(Where)} of {TitleAt(index)} threw for the parameter {parameter}: {exception.Message}", exception);
        }
    }

    /// <summary>Describes the name, the optimizer and the settings of the group.</summary>
    public override string ToString()
    {
        string name = Name is null ? string.Empty : $"{Quoted.Name(Name)}: ";
        string rate = Schedule is null ? TextTable.Number(Options.LearningRate) : $"of {Schedule.GetType().Name}";
        string decay = WeightDecaySchedule is null
            ? TextTable.Number(WeightDecay ?? Options.WeightDecay)
            : $"of {WeightDecaySchedule.GetType().Name}";
        return $"{name}{TextTable.OptimizerOf(Options)}, rate {rate}"
            + (RateFactor == 1 ? string.Empty : $" times {TextTable.Number(RateFactor)}")
            + $", weight decay {decay}"
            + (Momentum is { } momentum ? $", momentum {TextTable.Number(momentum)}" : string.Empty)
            + (StateFormat == StateFormat.Float32 ? string.Empty : $", state in {StateFormat}")
            + (Where is null ? ", all parameters" : ", some parameters")
            + (Frozen ? ", frozen" : string.Empty);
    }

    /// <summary>The rate that a rate search is trying, which replaces every other rate; null if there is none.</summary>
    internal double? TriedRate { get; set; }

    private static void RequireOne(double? value, string name, ILrSchedule? schedule, string scheduleName, string argument)
    {
        if (value is not null && schedule is not null)
        {
            throw new ArgumentException($"{name} is {value} and {scheduleName} is set. Set only one of them.", argument);
        }
    }

    private void RequireMomentum(string argument)
    {
        if (Options.SchedulableMomentum is null)
        {
            throw new ArgumentException(
                $"{argument} cannot be set, because {Options.GetType().Name} has no momentum that can change. Remove {argument}, or use options with a momentum.",
                argument);
        }
    }
}
