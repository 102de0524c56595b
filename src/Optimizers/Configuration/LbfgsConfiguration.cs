using System.Text.Json;

namespace Optimizers.Configuration;

/// <summary>
/// <see cref="Lbfgs"/> from JSON: <c>{"kind": "Lbfgs", "historySize": 10, "lineSearch": "StrongWolfe"}</c>. It evaluates the loss
/// itself, and so is none of the optimizers of <see cref="OptimizerConfiguration"/>.
/// </summary>
public static class LbfgsConfiguration
{
    /// <summary>Reads options. What is not given has its default.</summary>
    /// <param name="json">An object with any of the options; it may have the property <c>kind</c>, "Lbfgs".</param>
    /// <exception cref="ArgumentException">The text is no JSON, the kind or a property is unknown, or a value is of the wrong kind
    /// or out of its range.</exception>
    public static LbfgsOptions Parse(string json) => Parse(ConfigurationText.Parse(json));

    /// <summary>Reads options out of a larger document.</summary>
    /// <param name="json">An object as <see cref="Parse(string)"/> takes it.</param>
    /// <inheritdoc cref="Parse(string)" path="/exception"/>
    public static LbfgsOptions Parse(JsonElement json) => (LbfgsOptions)ConfigurationRegistry.Default.Reader.Read(
        ConfigurationRegistry.Default.Minimizers, ConfigurationText.HasKind(json) ? null : nameof(Lbfgs), json);

    /// <summary>Makes the optimizer.</summary>
    /// <param name="length">The number of parameters.</param>
    /// <param name="json">An object with any of its options. Default: none.</param>
    /// <inheritdoc cref="Parse(string)" path="/exception"/>
    public static Lbfgs Create(int length, string json = "{}") => new(length, Parse(json));

    /// <summary>Writes options, all of them, as <see cref="Parse(string)"/> reads them.</summary>
    /// <param name="options">The options.</param>
    /// <exception cref="ArgumentNullException">They are null.</exception>
    public static string ToJson(LbfgsOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return ConfigurationRegistry.Default.Write(options);
    }
}
