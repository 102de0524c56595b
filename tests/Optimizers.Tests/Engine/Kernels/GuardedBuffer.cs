using System.Runtime.InteropServices;

namespace Optimizers.Tests;

/// <summary>Memory between two protected pages: a read or write beyond a buffer at its edge ends the process.</summary>
internal sealed unsafe partial class GuardedBuffer : SafeHandle
{
    private const int NoAccess = 0;
    private const int ReadAndWrite = 3;
    private const int PrivateAnonymous = 0x22;

    private readonly nuint _page = (nuint)Environment.SystemPageSize;
    private readonly nuint _bytes;

    public GuardedBuffer(int length)
        : base(-1, ownsHandle: true)
    {
        _bytes = (((nuint)length * sizeof(float)) + _page - 1) / _page * _page;
        SetHandle(Map(0, _bytes + (2 * _page), NoAccess, PrivateAnonymous, -1, 0));
        IsInvalid.Should().BeFalse();
        Protect(handle + (nint)_page, _bytes, ReadAndWrite).Should().Be(0);
    }

    public override bool IsInvalid => handle == -1;

    /// <summary>A buffer that begins right after the first guard page, or ends right before the second.</summary>
    public float* Place(int length, bool atEnd)
    {
        byte* memory = (byte*)handle + _page;
        return (float*)(atEnd ? memory + _bytes - ((nuint)length * sizeof(float)) : memory);
    }

    protected override bool ReleaseHandle() => Unmap(handle, _bytes + (2 * _page)) == 0;

    [LibraryImport("libc", EntryPoint = "mmap")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Unmap(nint address, nuint length);
}
