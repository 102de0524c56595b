using System.Text.Json;

namespace Optimizers.Configuration;

/// <summary>
/// Creates optimizers from names and JSON: <c>{"kind": "AdamW", "learningRate": 3e-4}</c>. An option that is not given has its
/// default.
/// </summary>
/// <remarks>
/// <para>The properties are those of the options record, for example <see cref="AdamWOptions"/>; case does not matter. An
/// unknown name or property throws, and the message lists the valid ones, most similar first.</para>
/// <para>For <see cref="Lbfgs"/>, which evaluates the loss itself, use <see cref="LbfgsConfiguration"/>.</para>
/// <para>No type is found by reflection, so all names work in a trimmed program.</para>
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
    /// <param name="json">An object. Its property <c>kind</c> is the name of the optimizer. It can also contain any options of this
    /// optimizer.</param>
    /// <param name="registry">The names of optimizers; null for those of the library.</param>
    /// <exception cref="ArgumentException">The text is not valid JSON, the name or a property is unknown, or a value has the
    /// wrong type or is out of its range.</exception>
    public static IOptimizerOptions Parse(string json, ConfigurationRegistry? registry = null) => Parse(ConfigurationText.Parse(json), registry);

    /// <summary>Creates the options of a named optimizer.</summary>
    /// <param name="name">A name from <see cref="Names"/>; case does not matter.</param>
    /// <param name="json">An object with any options of this optimizer. Default: no options.</param>
    /// <param name="registry">The names of optimizers; null for those of the library.</param>
    /// <inheritdoc cref="Parse(string, ConfigurationRegistry)" path="/exception"/>
    public static IOptimizerOptions CreateOptions(string name, string json = "{}", ConfigurationRegistry? registry = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Read(name, ConfigurationText.Parse(json), registry);
    }

    /// <summary>Reads options from a part of a larger document.</summary>
    /// <param name="json">An object in the form that <see cref="Parse(string, ConfigurationRegistry)"/> reads.</param>
    /// <param name="registry">The names of optimizers; null for those of the library.</param>
    /// <inheritdoc cref="Parse(string, ConfigurationRegistry)" path="/exception"/>
    public static IOptimizerOptions Parse(JsonElement json, ConfigurationRegistry? registry = null) => Read(null, json, registry);

    /// <summary>Creates the optimizer of one buffer.</summary>
    /// <returns>An instance of the class of this name, such as <see cref="Sophia"/>. Cast it to use the members of that
    /// class.</returns>
    /// <param name="name">A name from <see cref="Names"/>; case does not matter.</param>
    /// <param name="length">The number of parameters.</param>
    /// <param name="json">An object with any options of this optimizer. Default: no options.</param>
    /// <param name="threads">The maximum number of threads of a step; 0, the default, means the number of
    /// processors.</param>
    /// <param name="registry">The names of optimizers; null for those of the library.</param>
    /// <inheritdoc cref="Parse(string, ConfigurationRegistry)" path="/exception"/>
    public static IOptimizer Create(string name, int length, string json = "{}", int threads = 0, ConfigurationRegistry? registry = null)
    {
        IOptimizerOptions options = CreateOptions(name, json, registry);
        Require.AtLeast(length, 0);
        return Make([length], options, threads, registry);
    }

    /// <summary>Creates the optimizer of a buffer with a shape: a matrix, as <see cref="Muon"/> needs it, or a tensor of more
    /// dimensions.</summary>
    /// <returns>An instance of the class of this name.</returns>
    /// <param name="name">A name from <see cref="Names"/>; case does not matter.</param>
    /// <param name="shape">The length of each dimension; the last dimension changes fastest.</param>
    /// <param name="json">An object with any options of this optimizer. Default: no options.</param>
    /// <param name="threads">The maximum number of threads of a step; 0, the default, means the number of
    /// processors.</param>
    /// <param name="registry">The names of optimizers; null for those of the library.</param>
    /// <inheritdoc cref="Parse(string, ConfigurationRegistry)" path="/exception"/>
    public static IOptimizer Create(string name, IReadOnlyList<int> shape, string json = "{}", int threads = 0, ConfigurationRegistry? registry = null)
    {
        ArgumentNullException.ThrowIfNull(shape);
        return Make([.. shape], CreateOptions(name, json, registry), threads, registry);
    }

    /// <summary>Writes all options, in the form that <see cref="Parse(string, ConfigurationRegistry)"/> reads.</summary>
    /// <param name="options">The options of an optimizer that the registry knows.</param>
    /// <param name="registry">The names of optimizers; null for those of the library.</param>
    /// <exception cref="ArgumentException">The registry does not know the options.</exception>
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

    // The optimizer class of a user is unknown, so this creates an Optimizer with the user's options.
    private static IOptimizer Make(int[] shape, IOptimizerOptions options, int threads, ConfigurationRegistry? registry) =>
        (registry ?? ConfigurationRegistry.Default).Optimizers.Find(options.GetType())!.Make(shape, options, threads)
            ?? new Optimizer(shape, options, threads);
}
