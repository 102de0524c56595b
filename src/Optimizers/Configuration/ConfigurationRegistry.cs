using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Optimizers.Configuration;

/// <summary>
/// The names of optimizers, schedules and clips, and the JSON contract of each. Configurations and checkpoints use it. A registry
/// never changes: <see cref="WithOptimizer"/> and its sisters give a new one that has one name more.
/// </summary>
/// <remarks>
/// <para>The contract of a type of yours comes from your own source-generated <see cref="JsonSerializerContext"/>, so that it is safe in
/// trimmed and native programs. Its options are written in camel case, whatever the options of the context; the attribute
/// <see cref="JsonPropertyNameAttribute"/> gives another name. An option of the type <see cref="ILrSchedule"/>,
/// <see cref="IOptimizerOptions"/> or <see cref="IGradientClip"/> may be anything that the registry knows.</para>
/// </remarks>
/// <example>
/// <code>
/// [JsonSerializable(typeof(MyOptions))]
/// internal sealed partial class MyContext : JsonSerializerContext;
/// …
/// ConfigurationRegistry registry = ConfigurationRegistry.Default.WithOptimizer("Mine", MyContext.Default.MyOptions, new MyOptions());
/// IOptimizerOptions options = OptimizerConfiguration.Parse("""{"kind": "Mine", "learningRate": 0.1}""", registry);
/// </code>
/// </example>
public sealed class ConfigurationRegistry
{
    private readonly ContractList _optimizers;
    private readonly ContractList _schedules;
    private readonly ContractList _clips;
    private readonly ContractList _minimizers;
    private readonly WrittenTypes _written;
    private readonly JsonSerializerOptions _strict;
    private readonly JsonSerializerOptions _lenient;

    private ConfigurationRegistry(ContractList optimizers, ContractList schedules, ContractList clips, ContractList minimizers)
    {
        _optimizers = optimizers;
        _schedules = schedules;
        _clips = clips;
        _minimizers = minimizers;
        _written = new WrittenTypes(this);
        _strict = MakeOptions(written: null);
        _lenient = MakeOptions(_written);
        Reader = new ContractReader(this);
    }

    /// <summary>The registry of the library: all its optimizers, schedules and clips.</summary>
    public static ConfigurationRegistry Default => OfTheLibrary.Registry;

    /// <summary>
    /// A registry without any name. A checkpoint needs no more for the types of the library. Register yours with it in a native program
    /// that makes nothing of the library by name: <see cref="Default"/> compiles every optimizer into the program.
    /// </summary>
    public static ConfigurationRegistry Empty { get; } = Of([], [], [], []);

    /// <summary>The names of all optimizers, in alphabetical order.</summary>
    public IReadOnlyList<string> OptimizerNames => _optimizers.Names;

    /// <summary>The names of all schedules, in alphabetical order.</summary>
    public IReadOnlyList<string> ScheduleNames => _schedules.Names;

    /// <summary>The names of all clips, in alphabetical order.</summary>
    public IReadOnlyList<string> ClipNames => _clips.Names;

    internal ContractReader Reader { get; }

    internal ContractList Optimizers => _optimizers;

    internal ContractList Schedules => _schedules;

    /// <summary>What evaluates the loss itself, and so is no optimizer of a group.</summary>
    internal ContractList Minimizers => _minimizers;

    private IEnumerable<ContractList> Lists => [_optimizers, _schedules, _clips, _minimizers];

    /// <summary>The same names and that of an optimizer of yours.</summary>
    /// <param name="name">The name. Letters, digits and underscores; its case does not matter.</param>
    /// <param name="contract">The contract, from a source-generated context.</param>
    /// <param name="defaults">The options that have the defaults.</param>
    /// <exception cref="ArgumentException">The name is taken or cannot be used, the type has a name already, or the contract describes no
    /// JSON object or does not come from a context.</exception>
    public ConfigurationRegistry WithOptimizer<TOptions>(string name, JsonTypeInfo<TOptions> contract, TOptions defaults)
        where TOptions : class, IOptimizerOptions
    {
        ArgumentNullException.ThrowIfNull(defaults);
        OptionsCheck.Validate(defaults);
        return Checked(new(_optimizers.With(Registered(_optimizers, name, contract, defaults)), _schedules, _clips, _minimizers), contract.Type, defaults);
    }

    /// <summary>The same names and that of a schedule of yours.</summary>
    /// <param name="name">The name. Letters, digits and underscores; its case does not matter.</param>
    /// <param name="contract">The contract, from a source-generated context.</param>
    /// <param name="defaults">A schedule that has the defaults of init properties; null if the type has none, and all its options are
    /// arguments of its constructor.</param>
    /// <inheritdoc cref="WithOptimizer" path="/exception"/>
    public ConfigurationRegistry WithSchedule<TSchedule>(string name, JsonTypeInfo<TSchedule> contract, TSchedule? defaults = null)
        where TSchedule : class, ILrSchedule =>
        Checked(new(_optimizers, _schedules.With(Registered(_schedules, name, contract, defaults)), _clips, _minimizers), contract.Type, defaults);

    /// <summary>The same names and that of a clip of yours.</summary>
    /// <param name="name">The name. Letters, digits and underscores; its case does not matter.</param>
    /// <param name="contract">The contract, from a source-generated context.</param>
    /// <param name="defaults">A clip that has the defaults of init properties; null if the type has none, and all its options are
    /// arguments of its constructor.</param>
    /// <inheritdoc cref="WithOptimizer" path="/exception"/>
    public ConfigurationRegistry WithClip<TClip>(string name, JsonTypeInfo<TClip> contract, TClip? defaults = null)
        where TClip : class, IGradientClip =>
        Checked(new(_optimizers, _schedules, _clips.With(Registered(_clips, name, contract, defaults)), _minimizers), contract.Type, defaults);

    /// <summary>The contract of a type, with the names and numbers of this registry.</summary>
    internal JsonTypeInfo ContractOf(Type type) => _strict.GetTypeInfo(type);

    /// <summary>
    /// The contract of a type that writes every type of the library, whether it has a name in the registry or not, and everything else
    /// as its text: for checkpoints.
    /// </summary>
    internal JsonTypeInfo LenientContractOf(Type type) => _lenient.GetTypeInfo(type);

    /// <inheritdoc cref="LenientContractOf(Type)"/>
    internal JsonTypeInfo<T> LenientContractOf<T>() => (JsonTypeInfo<T>)LenientContractOf(typeof(T));

    /// <summary>The names that stand for values of a type; null if the type is no such interface.</summary>
    internal ContractList? ListOf(Type type) =>
        type == typeof(IOptimizerOptions) ? _optimizers
        : type == typeof(ILrSchedule) ? _schedules
        : type == typeof(IGradientClip) ? _clips
        : null;

    /// <summary>What a name stands for, of whichever kind.</summary>
    internal NamedType? Find(string name) => Lists.Select(list => list.Find(name)).FirstOrDefault(named => named is not null);

    /// <summary>What a name stands for that a lenient contract has written.</summary>
    internal NamedType? FindWritten(string name) => Find(name) ?? _written.Find(name);

    /// <summary>The same registry without the user's types of some names.</summary>
    internal ConfigurationRegistry Without(IReadOnlySet<string> types) =>
        types.Count == 0 ? this : new(_optimizers.Without(types), _schedules.Without(types), _clips.Without(types), _minimizers);

    /// <summary>Writes a value that has a name.</summary>
    internal string Write<T>(T value)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(value);
        return ConfigurationText.Write(writer => JsonSerializer.Serialize(writer, value, (JsonTypeInfo<T>)_strict.GetTypeInfo(typeof(T))));
    }

    private static ConfigurationRegistry Of(NamedType[] optimizers, NamedType[] schedules, NamedType[] clips, NamedType[] minimizers) => new(
        new ContractList("optimizer", optimizers, options => OptionsCheck.Validate((IOptimizerOptions)options)),
        new ContractList("schedule", schedules),
        new ContractList("clip", clips),
        new ContractList("minimizer", minimizers, options => ((LbfgsOptions)options).Validate()));

    private static ConfigurationRegistry Checked(ConfigurationRegistry registry, Type type, object? defaults)
    {
        JsonTypeInfo contract = registry.ContractOf(type);
        string[] without = defaults is not null
            ? []
            : [.. ContractReader.Options(contract)
                .Where(option => option is { IsRequired: false, AssociatedParameter: null or { IsMemberInitializer: true } })
                .Select(option => option.Name)];
        return without.Length == 0 ? registry : throw new ArgumentException(
            $"The defaults of {string.Join(", ", without)} are not known, because {type.Name} has them as init properties. Give a {type.Name} that has the defaults.",
            nameof(defaults));
    }

    private NamedType<T> Registered<T>(ContractList list, string name, JsonTypeInfo contract, T? defaults)
        where T : class
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(contract);
        if (!name.All(character => char.IsAsciiLetterOrDigit(character) || character == '_'))
        {
            throw new ArgumentException($"The name {Quoted.Name(name)} has other characters than letters, digits and underscores.", nameof(name));
        }

        if (contract.Kind != JsonTypeInfoKind.Object)
        {
            throw new ArgumentException($"The contract of {contract.Type.Name} describes a JSON value of the kind {contract.Kind}. Give the contract of a type that is written as an object.", nameof(contract));
        }

        IJsonTypeInfoResolver resolver = contract.OriginatingResolver ?? throw new ArgumentException(
            $"The contract of {contract.Type.Name} does not come from a {nameof(JsonSerializerContext)}. Take it from one, such as MyContext.Default.{contract.Type.Name}.",
            nameof(contract));
        if (contract.Properties.Any(property => string.Equals(property.Name, ConfigurationText.Kind, StringComparison.OrdinalIgnoreCase)))
        {
            throw new ArgumentException(
                $"{contract.Type.Name} has an option \"{ConfigurationText.Kind}\", but that is where the name is written. Give the option another name with {nameof(JsonPropertyNameAttribute)}.",
                nameof(contract));
        }

        if (list.Find(typeof(T)) is { } same)
        {
            throw new ArgumentException($"{typeof(T).Name} has the name \"{same.Name}\" already.", nameof(name));
        }

        return ConfigurationKinds.WhoHas(name, this) is { } taken
            ? throw new ArgumentException($"The name is taken: {taken}.", nameof(name))
            : new NamedType<T>(name, resolver, defaults) { IsOwn = true };
    }

    private JsonSerializerOptions MakeOptions(WrittenTypes? written)
    {
        var options = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
            MaxDepth = ConfigurationText.MaximumDepth,
            TypeInfoResolver = JsonTypeInfoResolver.Combine(
            [
                ConfigurationContext.Default,
                .. Lists.SelectMany(list => list.Types).Select(named => named.Contracts).Distinct(),
                written,
            ]).WithAddedModifier(contract => AddKind(contract, written)),
            Converters =
            {
                new ContractConverter<IOptimizerOptions>(_optimizers, written),
                new ContractConverter<ILrSchedule>(_schedules, written),
                new ContractConverter<IGradientClip>(_clips, written),
                new ParameterFilterConverter(),
            },
        };
        options.MakeReadOnly();
        return options;
    }

    // What follows from the options is not written. The name comes first.
    private void AddKind(JsonTypeInfo contract, WrittenTypes? written)
    {
        if (contract.Kind != JsonTypeInfoKind.Object)
        {
            return;
        }

        for (int i = contract.Properties.Count - 1; i >= 0; i--)
        {
            if (contract.Properties[i] is { Set: null, AssociatedParameter: null })
            {
                contract.Properties.RemoveAt(i);
            }
        }

        NamedType? named = Lists.Select(list => list.Find(contract.Type)).FirstOrDefault(named => named is not null) ?? written?.Find(contract.Type);
        if (named is not null)
        {
            contract.Properties.Insert(0, JsonMetadataServices.CreatePropertyInfo(contract.Options, new JsonPropertyInfoValues<string>
            {
                IsProperty = true,
                IsPublic = true,
                DeclaringType = contract.Type,
                PropertyName = ConfigurationText.Kind,
                JsonPropertyName = ConfigurationText.Kind,
                Getter = _ => named.Name,
            }));
        }
    }

    // A class of its own, because a program that uses another member of the registry must not bring in what this one names.
    private static class OfTheLibrary
    {
        public static ConfigurationRegistry Registry { get; } =
            Of(LibraryNames.Optimizers, LibraryNames.Schedules, LibraryNames.Clips, [LbfgsOptions.Named]);
    }
}
