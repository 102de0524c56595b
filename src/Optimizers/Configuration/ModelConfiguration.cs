using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Optimizers.Configuration;

/// <summary>
/// The optimizer of a whole model as data: its groups and what happens around the update. One JSON document is read with
/// <see cref="Read(string, ConfigurationRegistry)"/>, and <see cref="Create"/> makes the <see cref="ModelOptimizer"/>.
/// </summary>
/// <remarks>
/// Options that are not given have their defaults. A message about a mistake has the path to it, such as
/// <c>groups[1].optimizer.beta1</c>. The state of a run belongs to a <see cref="Checkpoint"/>.
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

    /// <summary>The groups, at least one; a parameter belongs to the first that matches it.</summary>
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

    /// <summary>How gradients are clipped. Default null: not at all.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IGradientClip? Clip { get; init; }

    /// <inheritdoc cref="ModelOptimizerOptions.NonFinite"/>
    public NonFinitePolicy NonFinite { get; init; }

    /// <inheritdoc cref="ModelOptimizerOptions.MaximumConsecutiveSkips"/>
    public int MaximumConsecutiveSkips { get; init; } = 100;

    /// <summary>The options of the loss scaler; each optimizer that is created gets one of its own. Default null: none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LossScalerOptions? LossScaler { get; init; }

    /// <inheritdoc cref="ModelOptimizerOptions.ZeroGradients"/>
    public bool ZeroGradients { get; init; }

    /// <summary>Whether steps measure how far each parameter moves. Default false.</summary>
    public bool MeasureUpdates { get; init; }

    /// <inheritdoc cref="ModelOptimizerOptions.Threads"/>
    public int Threads { get; init; }

    /// <summary>The defaults; there is no group.</summary>
    internal static ModelConfiguration Defaults { get; } = new() { Groups = [] };

    /// <summary>Reads a configuration.</summary>
    /// <param name="json">An object with the property <c>groups</c> and any of the others.</param>
    /// <param name="registry">The names of optimizers, schedules and clips; null: those of the library.</param>
    /// <exception cref="ArgumentException">The text is no JSON, a name or a property is unknown, or a value is of the wrong kind or out
    /// of its range. The message has the path to it.</exception>
    public static ModelConfiguration Read(string json, ConfigurationRegistry? registry = null) =>
        Read(ConfigurationText.Parse(json), registry);

    /// <summary>Reads a configuration out of a larger document.</summary>
    /// <inheritdoc cref="Read(string, ConfigurationRegistry)"/>
    public static ModelConfiguration Read(JsonElement json, ConfigurationRegistry? registry = null)
    {
        registry ??= ConfigurationRegistry.Default;
        ModelConfiguration configuration = registry.Reader.Read("model", Defaults, json);
        if (configuration.Groups.Count == 0)
        {
            throw new ArgumentException("groups: There is no group. Give at least one, without \"where\" for all parameters.", nameof(json));
        }

        for (int i = 0; i < configuration.Groups.Count; i++)
        {
            Check(() => configuration.Groups[i].Create(), registry, typeof(GroupConfiguration), $"groups[{i}]");
        }

        Check(() => configuration.LossScaler?.Validate(), registry, typeof(LossScalerOptions), "lossScaler");
        Check(() => configuration.CreateOptions().Validate(), registry, typeof(ModelConfiguration), string.Empty);
        return configuration;
    }

    /// <summary>What a model optimizer was made with, and the present settings of its groups.</summary>
    /// <remarks><see cref="ModelOptimizerOptions.MeterFactory"/> is no data, and is left out.</remarks>
    /// <exception cref="ArgumentException">The <see cref="ParameterGroup.Where"/> of a group is a function. Use
    /// <see cref="ParameterFilter.Matches"/>.</exception>
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
                        $"{nameof(ParameterGroup.Where)} of {group.TitleAt(index)} is a function, which cannot be written as data. Use {nameof(ParameterFilter)}.{nameof(ParameterFilter.Matches)}.",
                        nameof(optimizer)),
                }),
            ],
        };
    }

    /// <summary>Makes the optimizer.</summary>
    /// <param name="parameters">The parameters, at least one.</param>
    /// <remarks>Each call makes new groups and a new loss scaler, but schedules and clips are the same objects: read the configuration
    /// again for another model if a schedule has a history.</remarks>
    /// <exception cref="ArgumentException">A property, named in the message, is not as it should be; a parameter matches no group; or
    /// a group has no parameter.</exception>
    public ModelOptimizer Create(ParameterSet parameters) =>
        new(parameters, [.. Groups.Select(group => group.Create())], CreateOptions());

    /// <summary>Makes what happens around the update, for a program that sets more of it before it makes the optimizer.</summary>
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

    /// <summary>Writes the configuration, defaults included, as <see cref="Read(string, ConfigurationRegistry)"/> reads it.</summary>
    /// <param name="registry">The names of optimizers, schedules and clips; null: those of the library.</param>
    /// <returns>JSON in several lines that end with \n.</returns>
    /// <exception cref="ArgumentException">An optimizer, a schedule or a clip has no name in the registry.</exception>
    public string ToJson(ConfigurationRegistry? registry = null)
    {
        JsonTypeInfo contract = (registry ?? ConfigurationRegistry.Default).ContractOf(typeof(ModelConfiguration));
        return ConfigurationText.Write(writer => JsonSerializer.Serialize(writer, this, contract), indented: true);
    }

    /// <summary>What happens around the update, without groups.</summary>
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
