using System.Text.Json;

namespace Samples;

/// <summary>Reads files of the sample's Data folder, which the build copies next to the program.</summary>
internal static class DataFile
{
    public static string PathOf(string name) => Path.Combine(AppContext.BaseDirectory, "Data", name);

    /// <summary>Reads a JSON file whose names are the property names in camel case.</summary>
    public static T Read<T>(string name) =>
        JsonSerializer.Deserialize<T>(File.ReadAllText(PathOf(name)), JsonSerializerOptions.Web)
        ?? throw new InvalidDataException($"{name} is empty.");
}
