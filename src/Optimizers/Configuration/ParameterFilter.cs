using System.IO.Enumeration;
using System.Text.Json;

namespace Optimizers.Configuration;

/// <summary>
/// The condition on the parameters of a group, as data: patterns of names, and the number of dimensions. In JSON it is a pattern
/// (<c>"*.bias"</c>), a list of patterns, or an object with these properties.
/// </summary>
/// <remarks>
/// In a pattern, <c>*</c> stands for any characters, including dots, and <c>?</c> for one character; case matters. A group whose
/// <see cref="ParameterGroup.Where"/> is <see cref="Matches"/> can be written as data.
/// </remarks>
public sealed record ParameterFilter
{
    /// <summary>Patterns; a name must match at least one. Default <c>*</c>: every name.</summary>
    public IReadOnlyList<string> Names
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            field = new ValueList<string>(value);
        }
    } = new ValueList<string>(["*"]);

    /// <summary>Patterns; a name must match none of them. Default: no pattern.</summary>
    public IReadOnlyList<string> Except
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            field = new ValueList<string>(value);
        }
    } = new ValueList<string>([]);

    /// <summary>The smallest number of dimensions. Default 0.</summary>
    public int MinimumRank { get; init; }

    /// <summary>The largest number of dimensions. Default null: no limit.</summary>
    public int? MaximumRank { get; init; }

    /// <summary>Whether a parameter belongs to the group.</summary>
    public bool Matches(Parameter parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return parameter.Shape.Count >= MinimumRank
            && parameter.Shape.Count <= (MaximumRank ?? int.MaxValue)
            && Names.Any(pattern => IsMatch(pattern, parameter.Name))
            && !Except.Any(pattern => IsMatch(pattern, parameter.Name));
    }

    private static bool IsMatch(string pattern, string name) =>
        FileSystemName.MatchesSimpleExpression(pattern.Replace("\\", "\\\\", StringComparison.Ordinal), name, ignoreCase: false);

    /// <summary>The properties as a JSON object. The converter reads and writes the filter in its shortest form.</summary>
    internal sealed record Data
    {
        public IReadOnlyList<string> Names { get; init; } = ["*"];

        public IReadOnlyList<string> Except { get; init; } = [];

        public int MinimumRank { get; init; }

        public int? MaximumRank { get; init; }
    }
}

/// <summary>Reads and writes a filter as a pattern, as a list of patterns, or as an object.</summary>
internal sealed class ParameterFilterConverter : JsonConverter<ParameterFilter>
{
    public override ParameterFilter Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var json = JsonElement.ParseValue(ref reader);
        if (json.ValueKind == JsonValueKind.String)
        {
            return new ParameterFilter { Names = [json.GetString()!] };
        }

        if (json.ValueKind == JsonValueKind.Array)
        {
            return new ParameterFilter { Names = [.. json.EnumerateArray().Select(item => item.GetString()!)] };
        }

        var data = (ParameterFilter.Data)JsonSerializer.Deserialize(json, options.GetTypeInfo(typeof(ParameterFilter.Data)))!;
        return new ParameterFilter
        {
            Names = data.Names,
            Except = data.Except,
            MinimumRank = data.MinimumRank,
            MaximumRank = data.MaximumRank,
        };
    }

    public override void Write(Utf8JsonWriter writer, ParameterFilter value, JsonSerializerOptions options)
    {
        if (value with { Names = ["*"] } == new ParameterFilter() && value.Names.Count == 1)
        {
            writer.WriteStringValue(value.Names[0]);
            return;
        }

        var data = new ParameterFilter.Data
        {
            Names = value.Names,
            Except = value.Except,
            MinimumRank = value.MinimumRank,
            MaximumRank = value.MaximumRank,
        };
        JsonSerializer.Serialize(writer, data, options.GetTypeInfo(typeof(ParameterFilter.Data)));
    }
}
