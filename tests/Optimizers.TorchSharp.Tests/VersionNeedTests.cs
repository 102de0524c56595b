using System.Reflection;

namespace Optimizers.TorchSharp.Tests;

/// <summary>The change of libLibTorchSharp.so for systems whose libstdc++ is older than that of GCC 13.2.</summary>
public sealed class VersionNeedTests
{
    private const string Version = "GLIBCXX_3.4.32";

    /// <summary>The bytes of the library in the package cache.</summary>
    private static byte[] PackageLibrary() => File.ReadAllBytes(typeof(VersionNeedTests).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == "LibTorchSharp").Value!);

    /// <summary>The package cache is unchanged too: there the need is still required.</summary>
    [Fact]
    public void OneFlagChanges()
    {
        byte[] original = PackageLibrary(), weak = PackageLibrary();
        VersionNeed.Weaken(weak, Version).Should().Be(1);

        weak.Should().HaveSameCount(original);
        int flags = Enumerable.Range(0, original.Length).Single(i => original[i] != weak[i]);
        BitConverter.ToUInt16(original, flags).Should().Be(0);
        BitConverter.ToUInt16(weak, flags).Should().Be(2);

        // The entry of the flags begins with the hash of the version's name, four bytes before.
        BitConverter.ToUInt32(weak, flags - 4).Should().Be(ElfHash(Version));
    }

    [Fact]
    public void WeakNeedStaysWeak()
    {
        byte[] once = PackageLibrary();
        VersionNeed.Weaken(once, Version);
        byte[] twice = [.. once];
        VersionNeed.Weaken(twice, Version).Should().Be(0);
        twice.AsSpan().SequenceEqual(once).Should().BeTrue();
    }

    [Theory]
    [InlineData("GLIBCXX_3.4.3")]
    [InlineData("GLIBCXX_3.4.321")]
    [InlineData("")]
    public void OtherVersionChangesNothing(string version)
    {
        byte[] file = PackageLibrary();
        VersionNeed.Weaken(file, version).Should().Be(0);
        file.AsSpan().SequenceEqual(PackageLibrary()).Should().BeTrue();
    }

    [Fact]
    public void FileThatIsNotElfIsRefused()
    {
        Action weaken = () => VersionNeed.Weaken(new byte[1000], Version);
        weaken.Should().Throw<InvalidDataException>().WithMessage("*ELF*");
    }

    /// <summary>The build copies the package's library, or the changed one, and nothing else.</summary>
    [Fact]
    public void TestsUseThePackageLibraryOrTheWeakOne()
    {
        byte[] used = File.ReadAllBytes(LibTorch.LinuxLibrary), original = PackageLibrary(), weak = PackageLibrary();
        VersionNeed.Weaken(weak, Version);
        (used.AsSpan().SequenceEqual(original) || used.AsSpan().SequenceEqual(weak)).Should().BeTrue();
    }

    // The hash of names in the ELF specification.
    private static uint ElfHash(string name)
    {
        uint hash = 0;
        foreach (char letter in name)
        {
            hash = (hash << 4) + letter;
            uint high = hash & 0xF0000000;
            hash = (hash ^ (high >> 24)) & ~high;
        }

        return hash;
    }
}
