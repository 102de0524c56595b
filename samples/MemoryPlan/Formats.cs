using System.CommandLine;
using Optimizers;
using Optimizers.Configuration;

namespace PlanMemory;

/// <summary>The names of formats and optimizers on the command line. The first name of a value is in the help.</summary>
internal static class Formats
{
    public static readonly (string Name, NumberFormat Value)[] OfNumbers =
    [
        ("float32", NumberFormat.Float32), ("f32", NumberFormat.Float32), ("fp32", NumberFormat.Float32),
        ("bf16", NumberFormat.BFloat16), ("bfloat16", NumberFormat.BFloat16),
        ("half", NumberFormat.Half), ("f16", NumberFormat.Half), ("fp16", NumberFormat.Half), ("float16", NumberFormat.Half),
    ];

    public static readonly (string Name, NumberFormat? Value)[] OfGradients = [.. OfNumbers.Select(pair => (pair.Name, (NumberFormat?)pair.Value))];

    public static readonly (string Name, UpdatePrecision Value)[] OfPrecision =
    [
        ("master", UpdatePrecision.MasterCopy), ("mastercopy", UpdatePrecision.MasterCopy),
        ("stochastic", UpdatePrecision.StochasticRounding), ("stochasticrounding", UpdatePrecision.StochasticRounding),
        ("compensation", UpdatePrecision.Compensation),
    ];

    public static readonly (string Name, StateFormat Value)[] OfState =
    [
        ("float32", StateFormat.Float32), ("f32", StateFormat.Float32), ("fp32", StateFormat.Float32),
        ("bf16", StateFormat.BFloat16), ("bfloat16", StateFormat.BFloat16),
        ("half", StateFormat.Half), ("f16", StateFormat.Half), ("fp16", StateFormat.Half), ("float16", StateFormat.Half),
        ("block8", StateFormat.Block8), ("8bit", StateFormat.Block8),
    ];

    /// <summary>Creates an option whose argument is one of some names, in upper or lower case.</summary>
    public static Option<T> Option<T>(string name, string description, (string Name, T Value)[] names)
    {
        string main = Listed([.. names.DistinctBy(pair => pair.Value).Select(pair => pair.Name)]);
        return new Option<T>(name)
        {
            HelpName = "NAME",
            Description = $"{description}: {main}.",
            CustomParser = result =>
            {
                string given = result.Tokens[0].Value;
                foreach ((string candidate, T value) in names)
                {
                    if (candidate.Equals(given, StringComparison.OrdinalIgnoreCase))
                    {
                        return value;
                    }
                }

                result.AddError($"{name} must be {main}, but is \"{given}\".");
                return default;
            },
        };
    }

    /// <summary>Creates an option with a default.</summary>
    /// <inheritdoc cref="Option{T}(string, string, ValueTuple{string, T}[])"/>
    public static Option<T> Option<T>(string name, string description, (string Name, T Value)[] names, T standard)
    {
        Option<T> option = Option(name, description, names);
        option.DefaultValueFactory = _ => standard;
        return option;
    }

    /// <summary>Reads an optimizer from its name or its JSON object.</summary>
    /// <exception cref="ArgumentException">The optimizer or one of its options is unknown or invalid.</exception>
    public static IOptimizerOptions OptimizerOf(string text) =>
        text.TrimStart().StartsWith('{') ? OptimizerConfiguration.Parse(text) : OptimizerConfiguration.CreateOptions(text);

    private static string Listed(string[] names) => $"{string.Join(", ", names[..^1])} or {names[^1]}";
}
