using System.Text.Json;

namespace Optimizers.Configuration;

/// <summary>
/// Creates <see cref="Lbfgs"/> from JSON: <c>{"kind": "Lbfgs", "historySize": 10, "lineSearch": "StrongWolfe"}</c>. L-BFGS
/// evaluates the loss itself, so <see cref="OptimizerConfiguration"/> does not include it.
/// </summary>
public static class LbfgsConfiguration
{
    /// <summary>Reads options. An option that is not given has its default.</summary>
    /// <param name="json">An object with any of the options. It may also have the property <c>kind</c> with the value
    /// "Lbfgs".</param>
    /// <exception cref="ArgumentException">The text is not valid JSON, the kind or a property is unknown, or a value has the
    /// wrong type or is out of its range.</exception>
    public static LbfgsOptions Parse(string json) => Parse(ConfigurationText.Parse(json));

    /// <summary>Reads options from a part of a larger document.</summary>
    /// <param name="json">An object in the form that <see cref="Parse(string)"/> reads.</param>
    /// <inheritdoc cref="Parse(string)" path="/exception"/>
    public static LbfgsOptions Parse(JsonElement json) => (LbfgsOptions)ConfigurationRegistry.Default.Reader.Read(
        ConfigurationRegistry.Default.Minimizers, ConfigurationText.HasKind(json) ? null : nameof(Lbfgs), json);

    /// <summary>Creates the optimizer.</summary>
    /// <param name="length">The number of parameters.</param>
    /// <param name="json">An object with any of the options. Default: no options.</param>
    /// <inheritdoc cref="Parse(string)" path="/exception"/>
    public static Lbfgs Create(int length, string json = "{}") => new(length, Parse(json));

    /// <summary>Writes all options, in the form that <see cref="Parse(string)"/> reads.</summary>
    /// <param name="options">The options.</param>
    /// <exception cref="ArgumentNullException">The options are null.</exception>
    public static string ToJson(LbfgsOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return ConfigurationRegistry.Default.Write(options);
    }
}
