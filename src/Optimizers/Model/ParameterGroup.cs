namespace Optimizers;

/// <summary>
/// Parameters of a model that are treated alike: which they are, the optimizer they get, and their rate and decay.
/// </summary>
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

    /// <summary>The optimizer's hyperparameters.</summary>
    public IOptimizerOptions Options { get; }

    /// <summary>Which parameters belong to the group, unless an earlier group has them. Null, the default: all.</summary>
    public Predicate<Parameter>? Where { get; init; }

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

    /// <summary>A factor on the rate, whether it comes from a schedule or from the options. Finite, at least 0; default 1.</summary>
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

            field = value;
        }
    }

    /// <summary>
    /// Whether the group rests: its parameters neither move, decay nor age, and do not count in the norm. Its state is kept.
    /// May be changed between steps. Default false.
    /// </summary>
    public bool Frozen { get; set; }
}
