using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Optimizers.Checkpoints;

/// <summary>
/// Flushes files and folders to the disk. Without a flush of the folder, a power cut may undo the renaming of a file or the
/// creation of a folder. Windows cannot flush folders; its file system records their changes in a journal.
/// </summary>
internal static partial class FolderFlush
{
    private const int ReadOnly = 0;
    private const int Interrupted = 4;
    private const int InvalidArgument = 22;
    private const int NotSupportedOnMac = 45;

    /// <summary>Flushes an open file or folder to the storage medium.</summary>
    /// <remarks>
    /// On macOS, fsync leaves data in the drive's cache. FlushToDisk calls fcntl(F_FULLFSYNC) there since .NET 6, which empties
    /// the cache, but it ignores a file system that refuses the call. So fsync comes first.
    /// </remarks>
    /// <exception cref="IOException">The disk reported an error.</exception>
    public static void Flush(SafeFileHandle handle)
    {
        if (OperatingSystem.IsMacOS())
        {
            Synchronize(handle);
        }

        RandomAccess.FlushToDisk(handle);
    }

    /// <summary>Flushes a folder: the names of the files and folders in it.</summary>
    /// <exception cref="IOException">The folder could not be flushed.</exception>
    public static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows() || OperatingSystem.IsBrowser() || OperatingSystem.IsWasi())
        {
            return;
        }

        try
        {
            using SafeFileHandle handle = Open(folder);
            Flush(handle);
        }
        catch (IOException exception)
        {
            throw new IOException(
                $"\"{folder}\" could not be flushed to the disk: {exception.Message} The new entry is in the folder, but a power cut "
                + "might undo it.",
                exception);
        }
    }

    /// <summary>Creates a folder and its missing parents, and flushes the parent of each new one, the outermost first.</summary>
    /// <param name="folder">The full path, without a separator at its end.</param>
    /// <param name="flush">Flushes a folder.</param>
    public static void Create(string folder, Action<string> flush)
    {
        var parents = new Stack<string>();
        for (string at = folder; !Directory.Exists(at) && Path.GetDirectoryName(at) is { } parent; at = parent)
        {
            parents.Push(parent);
        }

        Directory.CreateDirectory(folder);
        foreach (string parent in parents)
        {
            flush(parent);
        }
    }

    private static SafeFileHandle Open(string folder)
    {
        int descriptor;
        int error;
        do
        {
            descriptor = Open(folder, ReadOnly);
            error = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
        }
        while (error == Interrupted);
        return error == 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw new IOException($"{Marshal.GetPInvokeErrorMessage(error)}.");
    }

    private static void Synchronize(SafeFileHandle handle)
    {
        int error;
        do
        {
            error = Synchronize((SafeHandle)handle) == 0 ? 0 : Marshal.GetLastPInvokeError();
        }
        while (error == Interrupted);
        if (error is not (0 or InvalidArgument or NotSupportedOnMac))
        {
            throw new IOException($"{Marshal.GetPInvokeErrorMessage(error)}.");
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Synchronize(SafeHandle handle);
}
