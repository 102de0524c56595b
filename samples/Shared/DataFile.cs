using System.Text.Json;

namespace Samples;

/// <summary>The files in the sample's Data folder, which is copied next to the program.</summary>
internal static class DataFile
{
    public static string PathOf(string name) => Path.Combine(AppContext.BaseDirectory, "Data", name);

    /// <summary>Reads a JSON file; its names are those of the properties, in camel case.</summary>
    public static T Read<T>(string name) =>
        JsonSerializer.Deserialize<T>(File.ReadAllText(PathOf(name)), JsonSerializerOptions.Web)
        ?? throw new InvalidDataException($"{name} is empty.");
}
