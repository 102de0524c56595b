using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Optimizers.Configuration;

/// <summary>
/// The optimizer of a whole model as data: its groups, and options such as schedule, clipping and loss scale. Read it from one
/// JSON document with <see cref="Read(string, ConfigurationRegistry)"/>, and create the <see cref="ModelOptimizer"/> with
/// <see cref="Create"/>.
/// </summary>
/// <remarks>
/// An option that is not given has its default. A message about a mistake gives the path to it, such as
/// <c>groups[1].optimizer.beta1</c>. For the state of a run use a <see cref="Checkpoint"/>.
/// </remarks>
/// <example>
/// <code>
/// ModelConfiguration configuration = ModelConfiguration.Read(File.ReadAllText("training.json"));
/// ModelOptimizer optimizer = configuration.Create(parameters);
/// </code>
/// </example>
public sealed record ModelConfiguration
{
    /// <inheritdoc cref="ModelOptimizerOptions.Name"/>
    public string Name { get; init; } = "model";

    /// <summary>The groups, at least one; a parameter belongs to the first group that matches it.</summary>
    public required IReadOnlyList<GroupConfiguration> Groups
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            field = new ValueList<GroupConfiguration>(value);
        }
    }

    /// <inheritdoc cref="ModelOptimizerOptions.Schedule"/>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ILrSchedule? Schedule { get; init; }

    /// <summary>The gradient clip. Default null: no clipping.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IGradientClip? Clip { get; init; }

    /// <inheritdoc cref="ModelOptimizerOptions.NonFinite"/>
    public NonFinitePolicy NonFinite { get; init; }

    /// <inheritdoc cref="ModelOptimizerOptions.MaximumConsecutiveSkips"/>
    public int MaximumConsecutiveSkips { get; init; } = 100;

    /// <summary>The options of the loss scaler; each optimizer that is created has its own scaler. Default null: no
    /// scaler.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LossScalerOptions? LossScaler { get; init; }

    /// <inheritdoc cref="ModelOptimizerOptions.ZeroGradients"/>
    public bool ZeroGradients { get; init; }

    /// <summary>Whether steps measure how far each parameter moves. Default false.</summary>
    public bool MeasureUpdates { get; init; }

    /// <inheritdoc cref="ModelOptimizerOptions.Threads"/>
    public int Threads { get; init; }

    /// <summary>The defaults, without a group.</summary>
    internal static ModelConfiguration Defaults { get; } = new() { Groups = [] };

    /// <summary>Reads a configuration.</summary>
    /// <param name="json">An object with the property <c>groups</c> and any of the other properties.</param>
    /// <param name="registry">The names of optimizers, schedules and clips; null for those of the library.</param>
    /// <exception cref="ArgumentException">The text is not valid JSON, a name or a property is unknown, or a value has the
    /// wrong type or is out of its range. The message gives the path to it.</exception>
    public static ModelConfiguration Read(string json, ConfigurationRegistry? registry = null) =>
        Read(ConfigurationText.Parse(json), registry);

    /// <summary>Reads a configuration from a part of a larger document.</summary>
    /// <inheritdoc cref="Read(string, ConfigurationRegistry)"/>
    public static ModelConfiguration Read(JsonElement json, ConfigurationRegistry? registry = null)
    {
        registry ??= ConfigurationRegistry.Default;
        ModelConfiguration configuration = registry.Reader.Read("model", Defaults, json);
        if (configuration.Groups.Count == 0)
        {
            throw new ArgumentException("groups: The list of groups is empty. Give at least one group; a group without \"where\" takes all parameters.", nameof(json));
        }

        for (int i = 0; i < configuration.Groups.Count; i++)
        {
            Check(() => configuration.Groups[i].Create(), registry, typeof(GroupConfiguration), $"groups[{i}]");
        }

        Check(() => configuration.LossScaler?.Validate(), registry, typeof(LossScalerOptions), "lossScaler");
        Check(() => configuration.CreateOptions().Validate(), registry, typeof(ModelConfiguration), string.Empty);
        return configuration;
    }

    /// <summary>The configuration of a model optimizer: its options, and the current settings of its groups.</summary>
    /// <remarks><see cref="ModelOptimizerOptions.MeterFactory"/> is not data and is left out.</remarks>
    /// <exception cref="ArgumentException">The <see cref="ParameterGroup.Where"/> of a group is a function. Use
    /// <see cref="ParameterFilter.Matches"/> instead.</exception>
    public static ModelConfiguration Of(ModelOptimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        return SettingsOf(optimizer.Options) with
        {
            Groups =
            [
                .. optimizer.Groups.Select((group, index) => GroupConfiguration.SettingsOf(group) with
                {
                    Name = group.Name,
                    MayBeEmpty = group.MayBeEmpty,
                    Where = group.Where is null ? null : group.Where.Target as ParameterFilter ?? throw new ArgumentException(
                        $"{nameof(ParameterGroup.Where)} of {group.TitleAt(index)} is a function, which cannot be written as data. Use {nameof(ParameterFilter)}.{nameof(ParameterFilter.Matches)} instead.",
                        nameof(optimizer)),
                }),
            ],
        };
    }

    /// <summary>Creates the optimizer.</summary>
    /// <param name="parameters">The parameters, at least one.</param>
    /// <remarks>Each call creates new groups and a new loss scaler, but uses the same schedule and clip objects. If a schedule
    /// has a history, read the configuration again for another model.</remarks>
    /// <exception cref="ArgumentException">A property is invalid (the message names it), a parameter matches no group, or a
    /// group has no parameter.</exception>
    public ModelOptimizer Create(ParameterSet parameters) =>
        new(parameters, [.. Groups.Select(group => group.Create())], CreateOptions());

    /// <summary>Creates the options of the model optimizer, for a program that sets more options before it creates the
    /// optimizer.</summary>
    /// <exception cref="ArgumentException">An option of the loss scaler is out of its range.</exception>
    public ModelOptimizerOptions CreateOptions() => new()
    {
        Name = Name,
        Schedule = Schedule,
        Clip = Clip,
        NonFinite = NonFinite,
        MaximumConsecutiveSkips = MaximumConsecutiveSkips,
        LossScaler = LossScaler is null ? null : new LossScaler(LossScaler),
        ZeroGradients = ZeroGradients,
        MeasureUpdates = MeasureUpdates,
        Threads = Threads,
    };

    /// <summary>Writes the configuration, including defaults, in the form that
    /// <see cref="Read(string, ConfigurationRegistry)"/> reads.</summary>
    /// <param name="registry">The names of optimizers, schedules and clips; null for those of the library.</param>
    /// <returns>JSON in several lines that end with \n.</returns>
    /// <exception cref="ArgumentException">An optimizer, a schedule or a clip has no name in the registry.</exception>
    public string ToJson(ConfigurationRegistry? registry = null)
    {
        JsonTypeInfo contract = (registry ?? ConfigurationRegistry.Default).ContractOf(typeof(ModelConfiguration));
        return ConfigurationText.Write(writer => JsonSerializer.Serialize(writer, this, contract), indented: true);
    }

    /// <summary>The options of a model optimizer, without groups.</summary>
    internal static ModelConfiguration SettingsOf(ModelOptimizerOptions options) => new()
    {
        Name = options.Name,
        Groups = [],
        Schedule = options.Schedule,
        Clip = options.Clip,
        NonFinite = options.NonFinite,
        MaximumConsecutiveSkips = options.MaximumConsecutiveSkips,
        LossScaler = options.LossScaler?.Options,
        ZeroGradients = options.ZeroGradients,
        MeasureUpdates = options.MeasureUpdates,
        Threads = options.Threads,
    };

    private static void Check(Action check, ConfigurationRegistry registry, Type type, string path)
    {
        try
        {
            check();
        }
        catch (ArgumentException exception)
        {
            string? option = ContractReader.OptionOf(registry.ContractOf(type), exception.ParamName);
            string[] parts = [.. new[] { path, option }.OfType<string>().Where(part => part.Length > 0)];
            throw ContractReader.ProblemWithin(string.Join('.', parts), ContractReader.MessageOf(exception), exception);
        }
    }
}
