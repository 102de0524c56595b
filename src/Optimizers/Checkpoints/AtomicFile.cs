using System.Text;

namespace Optimizers.Checkpoints;

/// <summary>
/// A file that takes the place of another all at once: it is written beside it under another name, flushed to the disk and
/// renamed. Whatever happens, the path names either all of the old file or all of the new one.
/// </summary>
internal sealed class AtomicFile : IDisposable
{
    private const string Ending = ".tmp";
    private const int IdentifierLength = 32;

    // Names have at most 255 bytes on most file systems, and the identifier needs some of them.
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

    /// <summary>Begins a file in the place of another, or of none.</summary>
    /// <param name="path">The file; where it is a symbolic link, what it leads to.</param>
    /// <param name="length">How long it will be: a disk that is too full is noticed here.</param>
    /// <param name="asynchronous">Whether it is written asynchronously.</param>
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

            // Locked, which tells a file that is being written from one that a killed process has left. Windows needs the
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
                // Of the mode at creation the process's mask has been taken away.
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
    /// Deletes what killed processes have left under names that begin in a way. What a process is writing at this moment is
    /// locked, and stays.
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

    /// <summary>Puts the file in its place. When this returns, it survives a power cut.</summary>
    /// <exception cref="IOException">It could not be done, and the old file is still there. Or the new file is in its place, and
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

    /// <summary>Closes the file, and deletes it if it has not been put in its place.</summary>
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
            // What went wrong before is of more interest; the next save deletes it.
        }
    }

    // A file is not written through a link by replacing the link.
    private static string TargetOf(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string full = Path.GetFullPath(path);
        bool isLink = new FileInfo(full).LinkTarget is not null;
        string target = isLink ? File.ResolveLinkTarget(full, returnFinalTarget: true)!.FullName : full;
        if (Directory.Exists(target) || Path.GetFileName(target).Length == 0)
        {
            throw new IOException($"\"{target}\" is a folder; name a file in it.");
        }

        if (!Directory.Exists(Path.GetDirectoryName(target)))
        {
            throw new DirectoryNotFoundException(
                $"\"{target}\" cannot be saved, because its folder does not exist. Make it first, with Directory.CreateDirectory.");
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
            // Deleted as it is closed, and locked until then.
            new FileStream(path, new FileStreamOptions
            {
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                Options = FileOptions.DeleteOnClose,
            }).Dispose();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Somebody is writing it, or it is not ours to delete.
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
                // mostly for a moment.
                if (!OperatingSystem.IsWindows() || attempt == Attempts)
                {
                    throw new IOException(
                        $"The new file could not take the place of \"{_path}\", which is as it was: {exception.Message} "
                        + "If another program has it open, close it there and save again.",
                        exception);
                }

                Thread.Sleep(20 << attempt);
            }
        }
    }
}
