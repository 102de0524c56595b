namespace Optimizers.Tests;

/// <summary>A folder for the files of one test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("optimizers-").FullName;

    public string this[string name] => Path.Combine(_path, name);

    /// <summary>The names of all files, including hidden ones.</summary>
    public IReadOnlyList<string> Names =>
        [.. Directory.EnumerateFileSystemEntries(_path).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    public override string ToString() => _path;

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
