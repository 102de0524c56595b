using System;
using System.IO;
using System.Text;

namespace Optimizers.TorchSharp.Tests;

/// <summary>
/// Changes a version need in a 64-bit ELF file from required to weak. The dynamic linker refuses a library with a required
/// version that the system's library lacks. It accepts a weak one: only a call to a missing function fails.
/// </summary>
public static class VersionNeed
{
    // Names and values of the ELF specification and of the Linux Standard Base, "Symbol Versioning".
    private const int SectionHeaderOffset = 0x28, SectionHeaderSize = 0x3A, SectionHeaderCount = 0x3C;
    private const uint VersionNeedSection = 0x6FFFFFFE; // SHT_GNU_verneed
    private const ushort Weak = 2; // VER_FLG_WEAK

    /// <summary>Marks each need of this version as weak, in place.</summary>
    /// <param name="file">The bytes of the ELF file.</param>
    /// <param name="version">The version, as GLIBCXX_3.4.32.</param>
    /// <returns>The number of needs that were required before.</returns>
    public static int Weaken(byte[] file, string version)
    {
        if (file.Length < 64 || file[0] != 0x7F || file[1] != 'E' || file[2] != 'L' || file[3] != 'F' || file[4] != 2 || file[5] != 1)
        {
            throw new InvalidDataException("The file is not a 64-bit little-endian ELF file.");
        }

        byte[] name = Encoding.ASCII.GetBytes(version + '\0');
        int weakened = 0;
        for (int i = 0; i < BitConverter.ToUInt16(file, SectionHeaderCount); i++)
        {
            long section = Section(file, i);
            if (UInt32(file, section + 4) == VersionNeedSection)
            {
                long names = Int64(file, Section(file, UInt32(file, section + 40)) + 24);
                weakened += WeakenSection(file, Int64(file, section + 24), UInt32(file, section + 44), names, name);
            }
        }

        return weakened;
    }

    private static int WeakenSection(byte[] file, long library, uint libraries, long names, byte[] name)
    {
        int weakened = 0;
        for (uint i = 0; i < libraries; i++)
        {
            long need = library + UInt32(file, library + 8);
            for (int left = BitConverter.ToUInt16(file, checked((int)(library + 2))); left > 0; left--)
            {
                int flags = checked((int)(need + 4));
                if ((file[flags] & Weak) == 0 && Matches(file, names + UInt32(file, need + 8), name))
                {
                    file[flags] |= (byte)Weak;
                    weakened++;
                }

                need += UInt32(file, need + 12);
            }

            library += UInt32(file, library + 12);
        }

        return weakened;
    }

    private static long Section(byte[] file, long index) =>
        Int64(file, SectionHeaderOffset) + index * BitConverter.ToUInt16(file, SectionHeaderSize);

    private static uint UInt32(byte[] file, long at) => BitConverter.ToUInt32(file, checked((int)at));

    private static long Int64(byte[] file, long at) => BitConverter.ToInt64(file, checked((int)at));

    private static bool Matches(byte[] file, long at, byte[] name)
    {
        for (int i = 0; i < name.Length; i++)
        {
            if (file[at + i] != name[i])
            {
                return false;
            }
        }

        return true;
    }
}

#if !OPTIMIZERS_TESTS
/// <summary>The MSBuild task of OldLibstdcxx.targets.</summary>
public sealed class WeakenVersionNeed : Microsoft.Build.Utilities.Task
{
    /// <summary>The library to read.</summary>
    [Microsoft.Build.Framework.Required]
    public string Source { get; set; } = "";

    /// <summary>The file to write.</summary>
    [Microsoft.Build.Framework.Required]
    public string Destination { get; set; } = "";

    /// <summary>The version whose need becomes weak.</summary>
    [Microsoft.Build.Framework.Required]
    public string Version { get; set; } = "";

    /// <inheritdoc/>
    public override bool Execute()
    {
        byte[] file = File.ReadAllBytes(Source);
        int weakened = VersionNeed.Weaken(file, Version);

        // Another name first: a build that is stopped leaves no half of a file.
        string partial = Destination + ".partial";
        File.WriteAllBytes(partial, file);
        File.Delete(Destination);
        File.Move(partial, Destination);
        Log.LogMessage($"{Destination}: {weakened} needs of {Version} are weak now.");
        return true;
    }
}
#endif
