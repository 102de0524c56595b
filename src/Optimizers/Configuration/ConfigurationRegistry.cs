using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Optimizers.Configuration;

/// <summary>
/// The names of optimizers, schedules and clips, with the JSON contract of each. Configurations and checkpoints use it. A
/// registry never changes: <see cref="WithOptimizer"/>, <see cref="WithSchedule"/> and <see cref="WithClip"/> return a new
/// registry with one more name.
/// </summary>
/// <remarks>
/// <para>Take the contract of your own type from your own source-generated <see cref="JsonSerializerContext"/>, which is safe
/// in trimmed and native programs. The registry writes its options in camel case, whatever the options of the context are; the
/// attribute <see cref="JsonPropertyNameAttribute"/> sets another name. An option of the type <see cref="ILrSchedule"/>,
/// <see cref="IOptimizerOptions"/> or <see cref="IGradientClip"/> accepts every type that the registry knows.</para>
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
    private readonly WrittenTypes _written;
    private readonly JsonSerializerOptions _strict;
    private readonly JsonSerializerOptions _lenient;

    private ConfigurationRegistry(ContractList optimizers, ContractList schedules, ContractList clips, ContractList minimizers)
    {
        Optimizers = optimizers;
        Schedules = schedules;
        Clips = clips;
        Minimizers = minimizers;
        _written = new WrittenTypes(this);
        _strict = MakeOptions(written: null);
        _lenient = MakeOptions(_written);
        Reader = new ContractReader(this);
    }

    /// <summary>The registry of the library, with all its optimizers, schedules and clips.</summary>
    public static ConfigurationRegistry Default => OfTheLibrary.Registry;

    /// <summary>
    /// A registry without names. It is enough for checkpoints with types of the library. Start from it in a native program
    /// that creates nothing of the library by name, because <see cref="Default"/> compiles every optimizer into the program.
    /// </summary>
    public static ConfigurationRegistry Empty { get; } = Of([], [], [], []);

    /// <summary>The names of all optimizers, in alphabetical order.</summary>
    public IReadOnlyList<string> OptimizerNames => Optimizers.Names;

    /// <summary>The names of all schedules, in alphabetical order.</summary>
    public IReadOnlyList<string> ScheduleNames => Schedules.Names;

    /// <summary>The names of all clips, in alphabetical order.</summary>
    public IReadOnlyList<string> ClipNames => Clips.Names;

    internal ContractReader Reader { get; }

    internal ContractList Optimizers { get; }

    internal ContractList Schedules { get; }

    internal ContractList Clips { get; }

    /// <summary>The optimizers that evaluate the loss themselves, and so cannot update a group.</summary>
    internal ContractList Minimizers { get; }

    private IEnumerable<ContractList> Lists => [Optimizers, Schedules, Clips, Minimizers];

    /// <summary>Returns a registry with the same names and one more optimizer, of your own.</summary>
    /// <param name="name">The name. Letters, digits and underscores; case does not matter.</param>
    /// <param name="contract">The contract, from a source-generated context.</param>
    /// <param name="defaults">Options with the default values.</param>
    /// <exception cref="ArgumentException">The name is taken or invalid, the type already has a name, or the contract does not
    /// describe a JSON object or does not come from a context.</exception>
    public ConfigurationRegistry WithOptimizer<TOptions>(string name, JsonTypeInfo<TOptions> contract, TOptions defaults)
        where TOptions : class, IOptimizerOptions
    {
        ArgumentNullException.ThrowIfNull(defaults);
        OptionsCheck.Validate(defaults);
        return Checked(new(Optimizers.With(Registered(Optimizers, name, contract, defaults)), Schedules, Clips, Minimizers), contract.Type, defaults);
    }

    /// <summary>Returns a registry with the same names and one more schedule, of your own.</summary>
    /// <param name="name">The name. Letters, digits and underscores; case does not matter.</param>
    /// <param name="contract">The contract, from a source-generated context.</param>
    /// <param name="defaults">A schedule with the defaults of the init properties; null if the type has none, because all its
    /// options are constructor arguments.</param>
    /// <inheritdoc cref="WithOptimizer" path="/exception"/>
    public ConfigurationRegistry WithSchedule<TSchedule>(string name, JsonTypeInfo<TSchedule> contract, TSchedule? defaults = null)
        where TSchedule : class, ILrSchedule =>
        Checked(new(Optimizers, Schedules.With(Registered(Schedules, name, contract, defaults)), Clips, Minimizers), contract.Type, defaults);

    /// <summary>Returns a registry with the same names and one more clip, of your own.</summary>
    /// <param name="name">The name. Letters, digits and underscores; case does not matter.</param>
    /// <param name="contract">The contract, from a source-generated context.</param>
    /// <param name="defaults">A clip with the defaults of the init properties; null if the type has none, because all its
    /// options are constructor arguments.</param>
    /// <inheritdoc cref="WithOptimizer" path="/exception"/>
    public ConfigurationRegistry WithClip<TClip>(string name, JsonTypeInfo<TClip> contract, TClip? defaults = null)
        where TClip : class, IGradientClip =>
        Checked(new(Optimizers, Schedules, Clips.With(Registered(Clips, name, contract, defaults)), Minimizers), contract.Type, defaults);

    /// <summary>The contract of a type, with the names and numbers of this registry.</summary>
    internal JsonTypeInfo ContractOf(Type type) => _strict.GetTypeInfo(type);

    /// <summary>
    /// The contract of a type for checkpoints. It writes every type of the library, with or without a name in the registry,
    /// and every other value as its text.
    /// </summary>
    internal JsonTypeInfo LenientContractOf(Type type) => _lenient.GetTypeInfo(type);

    /// <inheritdoc cref="LenientContractOf(Type)"/>
    internal JsonTypeInfo<T> LenientContractOf<T>() => (JsonTypeInfo<T>)LenientContractOf(typeof(T));

    /// <summary>The names for values of a type; null if the type is not one of the named interfaces.</summary>
    internal ContractList? ListOf(Type type) =>
        type == typeof(IOptimizerOptions) ? Optimizers
        : type == typeof(ILrSchedule) ? Schedules
        : type == typeof(IGradientClip) ? Clips
        : null;

    /// <summary>The type with a name, of any kind.</summary>
    internal NamedType? Find(string name) => Find(list => list.Find(name));

    /// <summary>The type with a name that a contract for checkpoints has written.</summary>
    internal NamedType? FindWritten(string name) => Find(name) ?? _written.Find(name);

    /// <summary>Returns the registry without some names of the user's types.</summary>
    internal ConfigurationRegistry Without(IReadOnlySet<string> types) =>
        types.Count == 0 ? this : new(Optimizers.Without(types), Schedules.Without(types), Clips.Without(types), Minimizers);

    /// <summary>Writes a value that has a name.</summary>
    internal string Write<T>(T value)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(value);
        return ConfigurationText.Write(writer => JsonSerializer.Serialize(writer, value, (JsonTypeInfo<T>)_strict.GetTypeInfo(typeof(T))));
    }

    private NamedType? Find(Func<ContractList, NamedType?> find) => Lists.Select(find).FirstOrDefault(named => named is not null);

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
            $"The defaults of {string.Join(", ", without)} are unknown, because {type.Name} has them as init properties. Give a {type.Name} that has the defaults.",
            nameof(defaults));
    }

    private NamedType<T> Registered<T>(ContractList list, string name, JsonTypeInfo contract, T? defaults)
        where T : class
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(contract);
        if (!name.All(character => char.IsAsciiLetterOrDigit(character) || character == '_'))
        {
            throw new ArgumentException($"The name {Quoted.Name(name)} is invalid. Use letters, digits and underscores only.", nameof(name));
        }

        if (contract.Kind != JsonTypeInfoKind.Object)
        {
            throw new ArgumentException($"The contract of {contract.Type.Name} describes a JSON value of the kind {contract.Kind}. Give the contract of a type that is written as an object.", nameof(contract));
        }

        IJsonTypeInfoResolver resolver = contract.OriginatingResolver ?? throw new ArgumentException(
            $"The contract of {contract.Type.Name} does not come from a {nameof(JsonSerializerContext)}. Take it from a context, such as MyContext.Default.{contract.Type.Name}.",
            nameof(contract));
        if (contract.Properties.Any(property => string.Equals(property.Name, ConfigurationText.Kind, StringComparison.OrdinalIgnoreCase)))
        {
            throw new ArgumentException(
                $"{contract.Type.Name} has an option \"{ConfigurationText.Kind}\", but this property holds the name of the type. Give the option another name with {nameof(JsonPropertyNameAttribute)}.",
                nameof(contract));
        }

        if (list.Find(typeof(T)) is { } same)
        {
            throw new ArgumentException($"{typeof(T).Name} has the name \"{same.Name}\" already. Use this name, or register another type.", nameof(name));
        }

        return ConfigurationKinds.WhoHas(name, this) is { } taken
            ? throw new ArgumentException($"The name is taken: {taken}. Use another name.", nameof(name))
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
                new ContractConverter<IOptimizerOptions>(Optimizers, written),
                new ContractConverter<ILrSchedule>(Schedules, written),
                new ContractConverter<IGradientClip>(Clips, written),
                new ParameterFilterConverter(),
            },
        };
        options.MakeReadOnly();
        return options;
    }

    // Properties that are computed from the options are not written. The name comes first.
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

        NamedType? named = Find(list => list.Find(contract.Type)) ?? written?.Find(contract.Type);
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

    // A separate class, so that a program that uses other members of the registry does not include the types that this class
    // names.
    private static class OfTheLibrary
    {
        public static ConfigurationRegistry Registry { get; } =
            Of(LibraryNames.Optimizers, LibraryNames.Schedules, LibraryNames.Clips, [LbfgsOptions.Named]);
    }
}
