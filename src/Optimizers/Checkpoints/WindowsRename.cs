using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Optimizers.Checkpoints;

/// <summary>
/// Renames a file on Windows so that it replaces another one that is open for reading. A reader that allows deletion keeps
/// the old file until it closes it, as on Unix.
/// </summary>
/// <remarks>
/// This needs Windows 10 1709 and NTFS; other file systems refuse it. The layout of the structure is tested, but the calls
/// have never been run on Windows.
/// </remarks>
internal static unsafe partial class WindowsRename
{
    // winnt.h and fileapi.h
    private const uint Delete = 0x0001_0000;
    private const uint ShareAll = 0x7;
    private const uint OpenExisting = 3;

    // minwinbase.h: FileRenameInfoEx
    private const int RenameInformation = 22;

    // winbase.h: FILE_RENAME_FLAG_REPLACE_IF_EXISTS and FILE_RENAME_FLAG_POSIX_SEMANTICS
    private const uint ReplaceAsPosix = 0x1 | 0x2;

    /// <summary>Renames a file. The file may be open if its stream allows deletion.</summary>
    /// <returns>Whether the file was renamed. If not, nothing has changed.</returns>
    public static bool TryReplace(string file, string target)
    {
        using SafeFileHandle handle = Open(file, Delete, ShareAll, security: 0, OpenExisting, attributes: 0, template: 0);
        if (handle.IsInvalid)
        {
            return false;
        }

        byte[] information = Information(target, sizeof(nint));
        fixed (byte* address = information)
        {
            return SetInformation(handle, RenameInformation, address, (uint)information.Length) != 0;
        }
    }

    /// <summary>
    /// FILE_RENAME_INFO: flags of 4 bytes, a handle, the length of the name in bytes, and the name in UTF-16 with a zero after it.
    /// The handle is aligned to its own size, and stays null.
    /// </summary>
    internal static byte[] Information(string target, int handleSize)
    {
        int lengthAt = 2 * handleSize;
        int nameAt = lengthAt + sizeof(uint);
        int bytes = Encoding.Unicode.GetByteCount(target);
        var information = new byte[nameAt + bytes + sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(information, ReplaceAsPosix);
        BinaryPrimitives.WriteInt32LittleEndian(information.AsSpan(lengthAt), bytes);
        Encoding.Unicode.GetBytes(target, information.AsSpan(nameAt));
        return information;
    }

    [LibraryImport("kernel32.dll", EntryPoint = "CreateFileW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial SafeFileHandle Open(
        string path, uint access, uint share, nint security, uint disposition, uint attributes, nint template);

    [LibraryImport("kernel32.dll", EntryPoint = "SetFileInformationByHandle", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int SetInformation(SafeFileHandle file, int kind, byte* information, uint length);
}
