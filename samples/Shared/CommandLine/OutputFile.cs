namespace Samples;

/// <summary>Files that a sample writes at its end.</summary>
internal static class OutputFile
{
    /// <summary>Checks that a file can be written. What is in it stays, and what is not there is not left behind.</summary>
    /// <param name="path">The file; where it is a symbolic link, the file that it leads to.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">There is no permission to.</exception>
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
