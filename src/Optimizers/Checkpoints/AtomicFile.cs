using System.Text;

namespace Optimizers.Checkpoints;

/// <summary>
/// A file that replaces another one atomically: it is written beside the old file under a different name, flushed to the disk and
/// then renamed. At every instant the path names either the complete old file or the complete new one.
/// </summary>
internal sealed class AtomicFile : IDisposable
{
    private const string Ending = ".tmp";
    private const int IdentifierLength = 32;

    // Most file systems allow 255 bytes in a name, and the identifier needs some of them.
    private const int LongestName = 200;

    private readonly string _path;
    private readonly string _temporary;
    private bool _renamed;

    private AtomicFile(string path, string temporary, FileStream stream)
    {
        _path = path;
        _temporary = temporary;
        Stream = stream;
    }

    /// <summary>The new file, while it is written.</summary>
    public FileStream Stream { get; }

    /// <summary>Begins a file that will replace another one, if there is one.</summary>
    /// <param name="path">The file. If it is a symbolic link, the target of the link is replaced.</param>
    /// <param name="length">The length that the file will have: a disk without enough space throws here.</param>
    /// <param name="asynchronous">Whether the file is written asynchronously.</param>
    public static AtomicFile Create(string path, long length, bool asynchronous)
    {
        string target = TargetOf(path);
        string folder = Path.GetDirectoryName(target)!;
        string prefix = Prefix(Path.GetFileName(target));
        DeleteStale(folder, prefix);
        string temporary = Path.Combine(folder, $"{prefix}{Guid.NewGuid():N}{Ending}");
        UnixFileMode? mode = ModeOf(target);
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,

            // The lock tells a file that is being written from one that a killed process has left. Windows needs the
            // permission to delete for the renaming.
            Share = OperatingSystem.IsWindows() ? FileShare.Delete : FileShare.None,
            BufferSize = 0,
            PreallocationSize = length,
            Options = asynchronous ? FileOptions.Asynchronous : FileOptions.None,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = mode;
        }

        var file = new AtomicFile(target, temporary, new FileStream(temporary, options));
        try
        {
            if (!OperatingSystem.IsWindows() && mode is { } exact)
            {
                // The process's umask has removed bits from the mode given at creation.
                File.SetUnixFileMode(file.Stream.SafeFileHandle, exact);
            }

            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Deletes the files that killed processes have left, if their names start with a prefix. A file that a process is writing now
    /// is locked, and stays.
    /// </summary>
    public static void DeleteStale(string folder, string prefix)
    {
        foreach (string path in Directory.EnumerateFiles(folder, $".*{Ending}"))
        {
            string name = Path.GetFileName(path);
            int identifier = name.Length - Ending.Length - IdentifierLength;
            if (identifier >= prefix.Length
                && name.StartsWith(prefix, StringComparison.Ordinal)
                && name[identifier - 1] == '.'
                && Guid.TryParseExact(name.AsSpan(identifier, IdentifierLength), "N", out _))
            {
                TryDelete(path);
            }
        }
    }

    /// <summary>Renames the file to its final path. When this method returns, the file survives a power cut.</summary>
    /// <exception cref="IOException">The renaming failed, and the old file is still there. Or the new file is at its path, and
    /// the message says that its folder could not be flushed.</exception>
    public void Commit()
    {
        Stream.Flush();
        FolderFlush.Flush(Stream.SafeFileHandle);
        Rename();
        _renamed = true;
        Stream.Dispose();
        FolderFlush.Flush(Path.GetDirectoryName(_path)!);
    }

    /// <summary>Closes the file, and deletes it if <see cref="Commit"/> has not renamed it.</summary>
    public void Dispose()
    {
        Stream.Dispose();
        if (_renamed)
        {
            return;
        }

        try
        {
            File.Delete(_temporary);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // An earlier exception is more important than this one; the next save deletes the file.
        }
    }

    // Writing to a symbolic link must not replace the link itself.
    private static string TargetOf(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string full = Path.GetFullPath(path);
        bool isLink = new FileInfo(full).LinkTarget is not null;
        string target = isLink ? File.ResolveLinkTarget(full, returnFinalTarget: true)!.FullName : full;
        if (Directory.Exists(target) || Path.GetFileName(target).Length == 0)
        {
            throw new IOException($"\"{target}\" is a folder. Give the path of a file in it.");
        }

        if (!Directory.Exists(Path.GetDirectoryName(target)))
        {
            throw new DirectoryNotFoundException(
                $"\"{target}\" cannot be saved, because its folder does not exist. Create it first with Directory.CreateDirectory.");
        }

        return File.Exists(target) && File.GetAttributes(target).HasFlag(FileAttributes.ReadOnly)
            ? throw new UnauthorizedAccessException(
                $"\"{target}\" is read-only. Save under another name, or make the file writable.")
            : target;
    }

    private static UnixFileMode? ModeOf(string path) =>
        OperatingSystem.IsWindows() || !File.Exists(path) ? null : File.GetUnixFileMode(path);

    private static string Prefix(string name)
    {
        int length = name.Length;
        while (Encoding.UTF8.GetByteCount(name.AsSpan(0, length)) > LongestName)
        {
            length--;
        }

        return $".{name[..length]}.";
    }

    private static void TryDelete(string path)
    {
        try
        {
            // The file is deleted when it is closed, and locked until then.
            new FileStream(path, new FileStreamOptions
            {
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                Options = FileOptions.DeleteOnClose,
            }).Dispose();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Another process is writing the file, or this one may not delete it.
        }
    }

    private void Rename()
    {
        const int Attempts = 6;
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                if (!OperatingSystem.IsWindows() || !WindowsRename.TryReplace(_temporary, _path))
                {
                    File.Move(_temporary, _path, overwrite: true);
                }

                return;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // On Windows another program, such as a virus scanner, may have the file open without allowing its deletion,
                // usually for a moment.
                if (!OperatingSystem.IsWindows() || attempt == Attempts)
                {
                    throw new IOException(
                        $"\"{_path}\" could not be replaced by the new file, and is unchanged: {exception.Message} "
                        + "If another program has the file open, close it there and save again.",
                        exception);
                }

                Thread.Sleep(20 << attempt);
            }
        }
    }
}
