namespace Samples;

/// <summary>Checks of the files that a sample writes at its end.</summary>
internal static class OutputFile
{
    /// <summary>Checks that a file can be written. An existing file keeps its content, and no new file remains.</summary>
    /// <param name="path">The file. A symbolic link is followed to its target.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The permission to write the file is missing.</exception>
    public static void RequireWritable(string path)
    {
        string target = new FileInfo(path).LinkTarget is null ? path : File.ResolveLinkTarget(path, returnFinalTarget: true)!.FullName;
        bool exists = File.Exists(target);
        using (new FileStream(target, exists ? FileMode.Open : FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite))
        {
        }

        if (!exists)
        {
            File.Delete(target);
        }
    }
}
