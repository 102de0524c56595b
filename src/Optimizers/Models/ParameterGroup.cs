namespace Optimizers;

/// <summary>
/// Parameters of a model that are treated alike: which they are, the optimizer they get, and their rate and decay.
/// </summary>
/// <remarks>
/// A group belongs to one model: <see cref="RateFactor"/>, <see cref="WeightDecay"/> and <see cref="Frozen"/> may be changed
/// between steps, and would act on every model that uses the group. Another <see cref="ModelOptimizer"/> may be given the group
/// only for the same <see cref="ParameterSet"/>, or after that set is disposed. Several groups may have the same options.
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
    /// <summary>Makes a group.</summary>
    /// <param name="options">The optimizer's hyperparameters.</param>
    /// <exception cref="ArgumentNullException">The options are null.</exception>
    /// <exception cref="ArgumentException">An option, named in the message, is out of its range.</exception>
    public ParameterGroup(IOptimizerOptions options)
    {
        OptionsCheck.Validate(options);
        Options = options;
    }

    /// <summary>What the group is called in measurements. Default null: its number.</summary>
    public string? Name { get; init; }

    /// <summary>The optimizer's hyperparameters.</summary>
    public IOptimizerOptions Options { get; }

    /// <summary>Which parameters belong to the group, unless an earlier group has them. Null, the default: all.</summary>
    public Predicate<Parameter>? Where { get; init; }

    /// <summary>
    /// Whether a model may have no parameter for the group when its optimizer is made: because they are added to the set later,
    /// or because the same groups are meant for models with and without such parameters. Default false: a <see cref="Where"/>
    /// that matches nothing is refused, because it usually has a mistake. A group without <see cref="Where"/>, which takes
    /// the rest, may be empty in any case.
    /// </summary>
    public bool MayBeEmpty { get; init; }

    /// <summary>The number format in which the state of the group is kept between steps. Default float32.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is none.</exception>
    public StateFormat StateFormat
    {
        get;
        init
        {
            Require.Defined(value, nameof(StateFormat));
            field = value;
        }
    }

    /// <summary>The schedule of the group's rate, in the place of the model's. Default null: the model's.</summary>
    public ILrSchedule? Schedule { get; init; }

    /// <summary>
    /// The schedule of the momentum or β₁, in the place of the options'; <see cref="Schedules.OneCycle.Momentum"/>, for
    /// example. Rates of at least 0, below 1. Default null: the options'.
    /// </summary>
    /// <remarks>
    /// Where an average is corrected for its start from 0, that is by the product of the β₁ that were used, which the state
    /// of each parameter then keeps. PyTorch takes the present one to the power of t, as if it had always been that.
    /// </remarks>
    /// <exception cref="ArgumentException">The optimizer has no momentum.</exception>
    public ILrSchedule? MomentumSchedule
    {
        get;
        init
        {
            if (value is not null && Options.SchedulableMomentum is null)
            {
                throw new ArgumentException(
                    $"{nameof(MomentumSchedule)} cannot be set, because {Options.GetType().Name} has no momentum that a schedule can set.",
                    nameof(MomentumSchedule));
            }

            field = value;
        }
    }

    /// <summary>
    /// The schedule of the weight decay, in the place of the options'; <see cref="WeightDecay"/> is not to be set beside it.
    /// Default null.
    /// </summary>
    public ILrSchedule? WeightDecaySchedule
    {
        get;
        init
        {
            RequireOneDecay(WeightDecay, value, nameof(WeightDecaySchedule));
            field = value;
        }
    }

    /// <summary>A factor on the rate, whether it comes from a schedule or from the options. Finite, at least 0; default 1.</summary>
    /// <remarks>With 0 the parameters keep their values while their state changes; <see cref="Frozen"/> keeps the state too.</remarks>
    public double RateFactor
    {
        get;
        set
        {
            Require.NonNegative(value, nameof(RateFactor));
            field = value;
        }
    } = 1;

    /// <summary>The weight decay, in the place of the options'. Finite, at least 0; default null: the options'.</summary>
    public double? WeightDecay
    {
        get;
        set
        {
            if (value is { } decay)
            {
                Require.NonNegative(decay, nameof(WeightDecay));
            }

            RequireOneDecay(value, WeightDecaySchedule, nameof(WeightDecay));

            field = value;
        }
    }

    /// <summary>
    /// Whether the group rests: its parameters neither move, decay nor age, and do not count in the norm. Its state is kept.
    /// May be changed between steps. Default false.
    /// </summary>
    public bool Frozen { get; set; }

    /// <summary>
    /// The set of the model that the group belongs to, until that set is disposed; null before its first optimizer is made.
    /// </summary>
    internal ParameterSet? Model
    {
        get => field is { IsDisposed: false } ? field : null;
        set;
    }

    /// <summary>The number and the name, if there is one, for messages.</summary>
    internal string TitleAt(int index) => Name is null ? $"group {index}" : $"group {index} ({Quoted.Name(Name)})";

    /// <summary>Whether a parameter belongs to the group, unless an earlier one has it.</summary>
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

    /// <summary>The name, the optimizer, and what is set on the group.</summary>
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
            + (StateFormat == StateFormat.Float32 ? string.Empty : $", state in {StateFormat}")
            + (Where is null ? ", all parameters" : ", some parameters")
            + (Frozen ? ", frozen" : string.Empty);
    }

    /// <summary>The rate that is being tried, in the place of the schedule's and the options'; null: none.</summary>
    internal double? TriedRate { get; set; }

    private static void RequireOneDecay(double? decay, ILrSchedule? schedule, string name)
    {
        if (decay is not null && schedule is not null)
        {
            throw new ArgumentException(
                $"{nameof(WeightDecay)} is {decay} and {nameof(WeightDecaySchedule)} is set. Set only one of them.", name);
        }
    }
}
