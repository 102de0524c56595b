using System.Text.Json;

namespace Optimizers.Configuration;

/// <summary>
/// Optimizers from their names and JSON: <c>{"kind": "AdamW", "learningRate": 3e-4}</c>. What is not given has its default.
/// </summary>
/// <remarks>
/// <para>The properties are those of the options, of <see cref="AdamWOptions"/> for example; their case does not matter. An unknown
/// name or property is refused with the list of the valid ones, the nearest first.</para>
/// <para><see cref="Lbfgs"/>, which evaluates the loss itself, has <see cref="LbfgsConfiguration"/>.</para>
/// <para>Nothing is found by reflection, so that a trimmed program has them all.</para>
/// </remarks>
/// <example>
/// <code>
/// IOptimizerOptions options = OptimizerConfiguration.Parse("""{"kind": "AdamW", "learningRate": 3e-4}""");
/// var optimizer = new ModelOptimizer(model, options);
/// string text = OptimizerConfiguration.ToJson(options);
/// </code>
/// </example>
public static class OptimizerConfiguration
{
    /// <summary>The names of all optimizers, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names => ConfigurationRegistry.Default.OptimizerNames;

    /// <summary>Reads options.</summary>
    /// <param name="json">An object with the property <c>kind</c>, the name of the optimizer, and any of its options.</param>
    /// <param name="registry">The names of optimizers; null: those of the library.</param>
    /// <exception cref="ArgumentException">The text is no JSON, the name or a property is unknown, or a value is of the wrong kind
    /// or out of its range.</exception>
    public static IOptimizerOptions Parse(string json, ConfigurationRegistry? registry = null) => Parse(ConfigurationText.Parse(json), registry);

    /// <summary>Makes the options of a named optimizer.</summary>
    /// <param name="name">The name, out of <see cref="Names"/>; its case does not matter.</param>
    /// <param name="json">An object with any of its options. Default: none.</param>
    /// <param name="registry">The names of optimizers; null: those of the library.</param>
    /// <inheritdoc cref="Parse(string, ConfigurationRegistry)" path="/exception"/>
    public static IOptimizerOptions CreateOptions(string name, string json = "{}", ConfigurationRegistry? registry = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Read(name, ConfigurationText.Parse(json), registry);
    }

    /// <summary>Reads options out of a larger document.</summary>
    /// <param name="json">An object as <see cref="Parse(string, ConfigurationRegistry)"/> takes it.</param>
    /// <param name="registry">The names of optimizers; null: those of the library.</param>
    /// <inheritdoc cref="Parse(string, ConfigurationRegistry)" path="/exception"/>
    public static IOptimizerOptions Parse(JsonElement json, ConfigurationRegistry? registry = null) => Read(null, json, registry);

    /// <summary>Makes the optimizer of one buffer.</summary>
    /// <returns>An instance of the class of that name, such as <see cref="Sophia"/>: a cast gives what only that class can do.</returns>
    /// <param name="name">The name, out of <see cref="Names"/>; its case does not matter.</param>
    /// <param name="length">The number of parameters.</param>
    /// <param name="json">An object with any of its options. Default: none.</param>
    /// <param name="threads">The number of threads that a step uses at most; 0, the default: as many as there are
    /// processors.</param>
    /// <param name="registry">The names of optimizers; null: those of the library.</param>
    /// <inheritdoc cref="Parse(string, ConfigurationRegistry)" path="/exception"/>
    public static IOptimizer Create(string name, int length, string json = "{}", int threads = 0, ConfigurationRegistry? registry = null)
    {
        IOptimizerOptions options = CreateOptions(name, json, registry);
        Require.AtLeast(length, 0);
        return Make([length], options, threads, registry);
    }

    /// <summary>Makes the optimizer of a buffer that is a matrix or a tensor of more dimensions, as <see cref="Muon"/> needs it.</summary>
    /// <returns>An instance of the class of that name.</returns>
    /// <param name="name">The name, out of <see cref="Names"/>; its case does not matter.</param>
    /// <param name="shape">The length of each dimension, of which the last changes fastest.</param>
    /// <param name="json">An object with any of its options. Default: none.</param>
    /// <param name="threads">The number of threads that a step uses at most; 0, the default: as many as there are
    /// processors.</param>
    /// <param name="registry">The names of optimizers; null: those of the library.</param>
    /// <inheritdoc cref="Parse(string, ConfigurationRegistry)" path="/exception"/>
    public static IOptimizer Create(string name, IReadOnlyList<int> shape, string json = "{}", int threads = 0, ConfigurationRegistry? registry = null)
    {
        ArgumentNullException.ThrowIfNull(shape);
        return Make([.. shape], CreateOptions(name, json, registry), threads, registry);
    }

    /// <summary>Writes options, all of them, as <see cref="Parse(string, ConfigurationRegistry)"/> reads them.</summary>
    /// <param name="options">The options of an optimizer that the registry knows.</param>
    /// <param name="registry">The names of optimizers; null: those of the library.</param>
    /// <exception cref="ArgumentException">The registry does not know them.</exception>
    public static string ToJson(IOptimizerOptions options, ConfigurationRegistry? registry = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        return (registry ?? ConfigurationRegistry.Default).Write(options);
    }

    private static IOptimizerOptions Read(string? name, JsonElement json, ConfigurationRegistry? registry)
    {
        registry ??= ConfigurationRegistry.Default;
        return (IOptimizerOptions)registry.Reader.Read(registry.Optimizers, name, json);
    }

    // The class of an optimizer of the user's is not known: it is an optimizer by its options.
    private static IOptimizer Make(int[] shape, IOptimizerOptions options, int threads, ConfigurationRegistry? registry) =>
        (registry ?? ConfigurationRegistry.Default).Optimizers.Find(options.GetType())!.Make(shape, options, threads)
            ?? new Optimizer(shape, options, threads);
}
