using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text;

namespace Optimizers.Tests;

/// <summary>At every moment the path names the complete old file or the complete new one, and no other file remains.</summary>
public sealed class AtomicFileTests
{
    [Fact]
    public async Task FailedSaveLeavesTheOldFile()
    {
        using var folder = new TemporaryFolder();
        var part = new Part { Floats = [1, 2, 3, 4, 5, 6] };
        var checkpoint = new Checkpoint();
        checkpoint.Add("part", part);
        checkpoint.Save(folder["run"]);
        byte[] old = await File.ReadAllBytesAsync(folder["run"]);

        // The save asks for the lengths first, and then for the elements, when half of the new file is written.
        int asked = 0;
        part.Asked = () =>
        {
            if (++asked % 2 == 0)
            {
                folder.Names.Should().HaveCount(2);
                throw new IOException("No space left on device");
            }
        };
        Record.Exception(() => checkpoint.Save(folder["run"])).Should().BeOfType<IOException>().Which.Message.Should().StartWith("No space");
        Func<Task> later = () => checkpoint.SaveAsync(folder["run"]);
        await later.Should().ThrowAsync<IOException>().WithMessage("No space*");
        asked.Should().Be(4);
        folder.Names.Should().Equal("run");
        (await File.ReadAllBytesAsync(folder["run"])).Should().Equal(old);
    }

    [Fact]
    public async Task CancelledSaveLeavesTheOldFile()
    {
        using var folder = new TemporaryFolder();
        using var set = new ParameterSet();
        set.Add("w", 1_000_000).Values.Fill(1);
        var checkpoint = new Checkpoint(new ModelOptimizer(set, new SgdOptions()));
        await checkpoint.SaveAsync(folder["run"]);
        byte[] old = await File.ReadAllBytesAsync(folder["run"]);
        set["w"].Values.Fill(2);
        for (int at = 0; at <= 5; at++)
        {
            using var stop = new CancellationTokenSource();
            if (at == 0)
            {
                await stop.CancelAsync();
            }

            Func<Task> save = () => checkpoint.SaveAsync(folder["run"], new Stop(at, stop), stop.Token);
            await save.Should().ThrowAsync<OperationCanceledException>();
            folder.Names.Should().Equal("run");
            (await File.ReadAllBytesAsync(folder["run"])).AsSpan().SequenceEqual(old).Should().BeTrue();
        }
    }

    [MountFact]
    public void FullDiskLeavesTheOldFile()
    {
        using var folder = new TemporaryFolder();
        string small = folder["small"];
        Directory.CreateDirectory(small);
        MountFactAttribute.Mount(small, kilobytes: 200).Should().BeTrue();
        try
        {
            using var set = new ParameterSet();
            set.Add("w", 10_000);
            var checkpoint = new Checkpoint(new ModelOptimizer(set, new AdamOptions())) { IncludeParameters = false };
            string path = Path.Combine(small, "run");
            checkpoint.Save(path);
            byte[] old = File.ReadAllBytes(path);
            set["w"].Gradients.Fill(1);
            new Action(() => checkpoint.Save(path)).Should().NotThrow("there is room for 80 kB twice");
            set.Add("v", 10_000);
            checkpoint.Invoking(full => full.Save(path)).Should().Throw<IOException>();
            Directory.EnumerateFileSystemEntries(small).Should().Equal(path);
            File.ReadAllBytes(path).Should().Equal(old);

            // The disk becomes full while the file is written.
            using (AtomicFile file = AtomicFile.Create(path, 0, asynchronous: false))
            {
                file.Invoking(full => full.Stream.Write(new byte[300_000])).Should().Throw<IOException>();
            }

            Directory.EnumerateFileSystemEntries(small).Should().Equal(path);
        }
        finally
        {
            MountFactAttribute.Unmount(small).Should().BeTrue();
        }
    }

    [Fact]
    public void SymbolicLinkIsKeptAndItsTargetIsReplaced()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["real"]);
        File.CreateSymbolicLink(folder["first"], "second");
        File.CreateSymbolicLink(folder["second"], Path.Combine("real", "run"));
        for (int i = 0; i < 2; i++)
        {
            Write(folder["first"], $"{i}");
            File.ReadAllText(Path.Combine(folder["real"], "run")).Should().Be($"{i}");
            new FileInfo(folder["first"]).LinkTarget.Should().Be("second");
            Directory.EnumerateFiles(folder["real"]).Should().ContainSingle();
        }
    }

    [UnixTheory]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)]
    [UnsupportedOSPlatform("windows")]
    public void FileModeIsKept(UnixFileMode mode)
    {
        using var folder = new TemporaryFolder();
        Write(folder["run"], "old");
        File.SetUnixFileMode(folder["run"], mode);
        Write(folder["run"], "new");
        File.GetUnixFileMode(folder["run"]).Should().Be(mode);
    }

    [Fact]
    public void ReadOnlyFileIsNotReplaced()
    {
        using var folder = new TemporaryFolder();
        Write(folder["run"], "old");
        File.SetAttributes(folder["run"], FileAttributes.ReadOnly);
        Action save = () => Write(folder["run"], "new");
        save.Should().Throw<UnauthorizedAccessException>();
        File.SetAttributes(folder["run"], FileAttributes.Normal);
        File.ReadAllText(folder["run"]).Should().Be("old");

        Directory.CreateDirectory(folder["folder"]);
        new Action(() => Write(folder["folder"], "new")).Should().Throw<IOException>().WithMessage("*folder*");
        new Action(() => Write(folder["folder"] + Path.DirectorySeparatorChar, "new")).Should().Throw<IOException>();
        new Action(() => Write(Path.Combine(folder["none"], "run"), "new")).Should().Throw<DirectoryNotFoundException>()
            .WithMessage($"*{Path.Combine(folder["none"], "run")}*does not exist*CreateDirectory*");
        folder.Names.Should().Equal("folder", "run");
    }

    [Fact]
    public void FolderThatCannotBeFlushedIsNamed()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using var folder = new TemporaryFolder();
        FolderFlush.Flush(folder["."]);
        new Action(() => FolderFlush.Flush(folder["none"])).Should().Throw<IOException>().WithMessage($"*{folder["none"]}*power cut*");
    }

    /// <summary>FILE_RENAME_INFO of Windows. Other systems can only check its layout.</summary>
    [Theory]
    [InlineData(8, "0300000000000000" + "0000000000000000" + "08000000" + "43003A005C00FC00" + "00000000")]
    [InlineData(4, "03000000" + "00000000" + "08000000" + "43003A005C00FC00" + "00000000")]
    public void WindowsRenameStructureHasTheCorrectLayout(int handleSize, string hexadecimal) =>
        Convert.ToHexString(WindowsRename.Information("C:\\ü", handleSize)).Should().Be(hexadecimal);

    [UnprivilegedFact]
    [UnsupportedOSPlatform("windows")]
    public void ReadOnlyFolderIsUnchanged()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["locked"]);
        string path = Path.Combine(folder["locked"], "run");
        Write(path, "old");
        File.SetUnixFileMode(folder["locked"], UnixFileMode.UserRead | UnixFileMode.UserExecute);
        new Action(() => Write(path, "new")).Should().Throw<UnauthorizedAccessException>();
        File.SetUnixFileMode(folder["locked"], UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
        File.ReadAllText(path).Should().Be("old");
    }

    [Fact]
    public void OnlyFilesOfAKilledProcessAreDeleted()
    {
        using var folder = new TemporaryFolder();
        string stale = $".run.{Guid.NewGuid():N}.tmp";
        string[] others = [$".other.{Guid.NewGuid():N}.tmp", ".run.tmp", ".run.x.tmp", $"run.{Guid.NewGuid():N}.tmp", ".run.00000000000000000000000000000000.txt"];
        foreach (string name in others.Append(stale))
        {
            File.WriteAllText(folder[name], "half");
        }

        Write(folder["run"], "new");
        folder.Names.Should().BeEquivalentTo(others.Append("run"));

        using AtomicFile living = AtomicFile.Create(folder["run"], 3, asynchronous: false);
        Write(folder["run"], "newer");
        folder.Names.Should().HaveCount(others.Length + 2, "another save of the same file is in progress");
        living.Stream.Write("end"u8);
        living.Commit();
        File.ReadAllText(folder["run"]).Should().Be("end");
    }

    [Fact]
    public void LongFileNameIsAccepted()
    {
        using var folder = new TemporaryFolder();
        string name = new('ü', 127);
        Write(folder[name], "long");
        Write(folder[name], "longer");
        folder.Names.Should().Equal(name);
    }

    [Fact]
    public void OpenReaderKeepsTheOldFileDuringASave()
    {
        using var folder = new TemporaryFolder();
        using var set = new ParameterSet();
        set.Add("w", 4).Values.Fill(1);
        var checkpoint = new Checkpoint(new ModelOptimizer(set, new SgdOptions()));
        checkpoint.Save(folder["run"]);
        using SafetensorsReader reader = SafetensorsReader.Open(folder["run"]);
        set["w"].Values.Fill(2);
        checkpoint.Save(folder["run"]);
        var values = new float[4];
        reader.Read<float>(reader["parameters.w"], values);
        values.Should().OnlyContain(value => value == 1);
    }

    private static void Write(string path, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        using AtomicFile file = AtomicFile.Create(path, bytes.Length, asynchronous: false);
        file.Stream.Write(bytes);
        file.Commit();
    }

    private sealed class Stop(int at, CancellationTokenSource source) : IProgress<CheckpointProgress>
    {
        private int _reports;

        public void Report(CheckpointProgress value)
        {
            if (++_reports == at)
            {
                source.Cancel();
            }
        }
    }
}

/// <summary>A theory about file modes, which only Unix has.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class UnixTheoryAttribute : TheoryAttribute
{
    public UnixTheoryAttribute() => Skip = OperatingSystem.IsWindows() ? "Windows has no file modes." : null!;
}

/// <summary>A fact about file permissions; it is skipped for users who may do everything.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class UnprivilegedFactAttribute : FactAttribute
{
    public UnprivilegedFactAttribute() => Skip =
        OperatingSystem.IsWindows() ? "Windows has no file modes."
        : Environment.IsPrivilegedProcess ? "The administrator may write everywhere."
        : null!;
}

/// <summary>A fact that mounts a file system; it is skipped if the user may not mount one.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class MountFactAttribute : FactAttribute
{
    private static readonly Lazy<bool> _mayMount = new(() =>
    {
        using var folder = new TemporaryFolder();
        string place = Directory.CreateDirectory(folder["place"]).FullName;
        return Mount(place, kilobytes: 100) && Unmount(place);
    });

    public MountFactAttribute() => Skip = _mayMount.Value ? null! : "This process may not mount a file system.";

    public static bool Mount(string place, int kilobytes) =>
        Try("mount", "-t", "tmpfs", "-o", $"size={kilobytes}k", "none", place);

    public static bool Unmount(string place) => Try("umount", place);

    private static bool Try(string command, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
