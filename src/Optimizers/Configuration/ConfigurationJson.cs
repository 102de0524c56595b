using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Optimizers.Configuration;

/// <summary>Values as JSON, by the serializers that the compiler has made.</summary>
internal static class ConfigurationJson
{
    private static readonly JsonSerializerOptions _options = new(ConfigurationContext.Default.Options)
    {
        TypeInfoResolver = JsonTypeInfoResolver.WithAddedModifier(ConfigurationContext.Default, KeepWhatCanBeSet),
    };

    public static JsonTypeInfo InfoOf(Type type) => _options.GetTypeInfo(type);

    public static JsonObject NodeOf(object value, Type type) => (JsonObject)JsonSerializer.SerializeToNode(value, InfoOf(type))!;

    public static object Make(JsonTypeInfo info, ReadOnlySpan<byte> json) => JsonSerializer.Deserialize(json, info)!;

    // What follows from the rest is no option.
    private static void KeepWhatCanBeSet(JsonTypeInfo info)
    {
        if (info.Kind != JsonTypeInfoKind.Object)
        {
            return;
        }

        for (int i = info.Properties.Count - 1; i >= 0; i--)
        {
            if (info.Properties[i] is { Set: null, AssociatedParameter: null })
            {
                info.Properties.RemoveAt(i);
            }
        }
    }
}
