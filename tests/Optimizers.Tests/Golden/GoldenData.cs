using System.Collections.Concurrent;
using System.Text.Json;

namespace Optimizers.Tests;

/// <summary>The golden files, each read once. README.md in this folder describes them.</summary>
internal static class GoldenData
{
    /// <summary>The environment variable with another folder of golden files, to test instead of the folder next to the test assembly.</summary>
    public const string FolderVariable = "OPTIMIZERS_GOLDEN_DIR";

    private static readonly Lazy<IReadOnlyList<GoldenCase>> _optimizerCases = new(() => Read("optimizers", "optimizer"));
    private static readonly Lazy<IReadOnlyList<GoldenCase>> _scheduleCases = new(() => Read("schedules", "schedule"));
    private static readonly Lazy<IReadOnlyDictionary<string, JsonElement>> _problemFiles = new(ReadProblems);
    private static readonly ConcurrentDictionary<string, GoldenProblem> _problems = new();

    public static bool IsReplaced => ReplacedFolder is { Length: > 0 };

    public static IReadOnlyList<GoldenCase> OptimizerCases => _optimizerCases.Value;

    public static IReadOnlyList<GoldenCase> ScheduleCases => _scheduleCases.Value;

    private static string? ReplacedFolder => Environment.GetEnvironmentVariable(FolderVariable);

    private static string Folder => IsReplaced ? ReplacedFolder! : Path.Combine(AppContext.BaseDirectory, "Golden");

    /// <summary>Whether another folder is tested and a subfolder of it has no files.</summary>
    public static bool LacksAny(string folder) => IsReplaced && !Documents(folder).Any();

    /// <summary>The path of a golden file, which need not exist.</summary>
    public static string PathOf(string folder, string file) => Path.Combine(Folder, folder, file);

    public static GoldenCase Find(IReadOnlyList<GoldenCase> cases, string file, string name) =>
        cases.Single(golden => golden.File == file && golden.Name == name);

    public static bool HasProblem(string name) => _problemFiles.Value.ContainsKey(name);

    public static GoldenProblem Problem(string name) =>
        _problems.GetOrAdd(name, _ => new GoldenProblem(_problemFiles.Value[name]));

    private static List<GoldenCase> Read(string folder, string subject)
    {
        var cases = new List<GoldenCase>();
        foreach ((string file, JsonElement json) in Documents(folder))
        {
            var names = new HashSet<string>();
            foreach (JsonElement golden in json.GetProperty("cases").EnumerateArray())
            {
                string name = golden.GetProperty("name").GetString()!;
                string unique = name;
                for (int repetition = 2; !names.Add(unique); repetition++)
                {
                    unique = $"{name} ({repetition})";
                }

                cases.Add(new GoldenCase(file, json.GetProperty(subject).GetString()!, unique, golden));
            }
        }

        return cases;
    }

    // Cases refer to a problem by the name inside its file. The name of the file does not matter.
    private static Dictionary<string, JsonElement> ReadProblems() =>
        Documents("problems").ToDictionary(
            document => document.Json.GetProperty("name").GetString()!, document => document.Json);

    private static IEnumerable<(string File, JsonElement Json)> Documents(string folder)
    {
        if (!Directory.Exists(Folder))
        {
            throw new DirectoryNotFoundException($"There is no folder of golden files \"{Folder}\".");
        }

        var path = new DirectoryInfo(Path.Combine(Folder, folder));
        return path.Exists
            ? path.EnumerateFiles("*.json").OrderBy(file => file.Name, StringComparer.Ordinal).Select(Parse)
            : [];
    }

    private static (string File, JsonElement Json) Parse(FileInfo file)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file.FullName));
            return (file.Name, document.RootElement.Clone());
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"{file.Name} is not JSON: {exception.Message}", exception);
        }
    }
}
