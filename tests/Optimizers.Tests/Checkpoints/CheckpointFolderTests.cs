namespace Optimizers.Tests;

/// <summary>The newest files of a run, also when some files are damaged.</summary>
public sealed class CheckpointFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ParameterSet _set = new();
    private readonly Checkpoint _checkpoint;

    public CheckpointFolderTests()
    {
        _set.Add("w", 4);
        _checkpoint = new Checkpoint(new ModelOptimizer(_set, new AdamOptions()));
    }

    public void Dispose()
    {
        _set.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void FolderPathOfAFileThrows()
    {
        File.WriteAllText(_folder["taken"], "x");
        var folder = new CheckpointFolder(_folder["taken"], _checkpoint);
        folder.Invoking(one => one.LoadNewest()).Should().Throw<IOException>().WithMessage($"*{_folder["taken"]}*is a file*");
        folder.Invoking(one => one.Save(1)).Should().Throw<IOException>();
        File.ReadAllText(_folder["taken"]).Should().Be("x");
    }

    [Fact]
    public void NullValueThrowsAndIsNamed()
    {
        _checkpoint.Values["epoch"] = null!;
        _checkpoint.Invoking(one => one.Save(_folder["run"])).Should().Throw<ArgumentException>().WithMessage("Values[\"epoch\"] is null*");
    }

    [Fact]
    public void NewestFilesAreKeptAndTheNewestIsLoaded()
    {
        var folder = new CheckpointFolder(_folder["runs"], _checkpoint) { Keep = 2 };
        folder.LoadNewest().Should().BeNull();
        foreach (long step in new long[] { 9, 10, 1_000_000_000_000 })
        {
            Save(folder, step);
        }

        folder.Files.Select(file => file.Step).Should().Equal(1_000_000_000_000, 10);
        Path.GetFileName(folder.Files[1].Path).Should().Be("checkpoint-000000010.safetensors");
        CheckpointReport? report = folder.LoadNewest();
        report!.Path.Should().Be(folder.Files[0].Path);
        report.PassedOver.Should().BeEmpty();
    }

    /// <summary>For a new path: the folders that existed, and the folders that are flushed, in order, starting at the folder of the test.</summary>
    [Theory]
    [InlineData("runs", "", "")]
    [InlineData("runs/", "", "")]
    [InlineData("a/b/c", "", ",a,a/b")]
    [InlineData("a/b/c/", "", ",a,a/b")]
    [InlineData("a//b/./c/../d//", "", ",a,a/b")]
    [InlineData("a/b/c", "a/b", "a/b")]
    [InlineData("a/b/c/", "a", "a,a/b")]
    [InlineData("a/b/", "a/b", null)]
    public void ParentOfEachNewFolderIsFlushed(string path, string before, string? expected)
    {
        Directory.CreateDirectory(_folder[before]);
        foreach (bool relative in new[] { false, true })
        {
            string given = _folder[path];
            var flushed = new List<string>();
            var folder = new CheckpointFolder(
                relative ? Path.Combine(Path.GetRelativePath(Environment.CurrentDirectory, _folder[string.Empty]), path) : given, _checkpoint)
            {
                FlushFolder = parent =>
                {
                    Directory.Exists(given).Should().BeTrue("a folder is flushed after all have been made");
                    flushed.Add(parent);
                },
            };
            string saved = folder.Save(1).Path;
            flushed.Should().Equal(expected?.Split(',').Select(name => Path.TrimEndingDirectorySeparator(_folder[name])) ?? []);
            saved.Should().Be(Path.Combine(Path.TrimEndingDirectorySeparator(Path.GetFullPath(given)), "checkpoint-000000001.safetensors"));
            flushed.Clear();
            folder.Save(2);
            flushed.Should().BeEmpty("no folder is new");
            Directory.Delete(_folder["."], recursive: true);
            Directory.CreateDirectory(_folder[before]);
        }
    }

    [Fact]
    public async Task AsyncMethodsSaveAndLoadTheNewestFile()
    {
        var folder = new CheckpointFolder(_folder["runs"], _checkpoint) { Keep = 1 };
        (await folder.LoadNewestAsync()).Should().BeNull();
        await folder.SaveAsync(1);
        _set["w"].Values.Fill(8);
        (await folder.SaveAsync(1_000_000_000_001)).Path.Should().Be(folder.Files.Single().Path);
        _set["w"].Values.Clear();
        (await folder.LoadNewestAsync())!.Path.Should().EndWith("1000000000001.safetensors");
        _set["w"].Values[0].Should().Be(8);
    }

    [Fact]
    public void DamagedFileIsSkippedAndReported()
    {
        var folder = new CheckpointFolder(_folder["runs"], _checkpoint) { Keep = 5 };
        string[] paths = [.. Enumerable.Range(1, 4).Select(step => Save(folder, step))];
        File.WriteAllBytes(paths[3], []);
        byte[] rotten = File.ReadAllBytes(paths[2]);
        rotten[^1] ^= 1;
        File.WriteAllBytes(paths[2], rotten);
        CheckpointReport report = folder.LoadNewest()!;
        report.Path.Should().Be(paths[1]);
        report.PassedOver.Should().HaveCount(2);
        report.PassedOver[0].Should().StartWith(paths[3]).And.Contain("0 bytes");
        report.PassedOver[1].Should().StartWith(paths[2]).And.Contain("checksum");
        _set["w"].Values[0].Should().Be(2);

        File.WriteAllText(paths[1], "no");
        File.Delete(paths[0]);
        _set["w"].Values.Fill(7);
        folder.Invoking(all => all.LoadNewest()).Should().Throw<CheckpointException>()
            .Which.Problems.Should().HaveCount(3);
        _set["w"].Values[0].Should().Be(7);
    }

    [Fact]
    public void FileOfAnotherModelThrows()
    {
        var folder = new CheckpointFolder(_folder["runs"], _checkpoint);
        Save(folder, 1);
        using var other = new ParameterSet();
        other.Add("v", 1);
        new CheckpointFolder(_folder["runs"], new Checkpoint(new ModelOptimizer(other, new SgdOptions()))).Save(2);
        folder.Invoking(mixed => mixed.LoadNewest()).Should().Throw<CheckpointException>()
            .Which.Fault.Should().Be(CheckpointFault.Different);
    }

    [Fact]
    public void LastIntactFileIsNeverDeleted()
    {
        var folder = new CheckpointFolder(_folder["runs"], _checkpoint) { Keep = 2 };
        Save(folder, 1);
        Save(folder, 2);
        File.WriteAllText(_folder[Path.Combine("runs", "checkpoint-000000007.safetensors")], "damaged");
        Save(folder, 3);
        folder.Files.Select(file => file.Step).Should().Equal([7, 3, 2], "Keep counts intact files only");

        var one = new CheckpointFolder(_folder["runs"], _checkpoint) { Keep = 1 };
        Save(one, 4);
        one.Files.Select(file => file.Step).Should().Equal(4);
        File.WriteAllText(_folder[Path.Combine("runs", "checkpoint-000000009.safetensors")], "damaged");
        Save(one, 5);
        one.LoadNewest()!.Path.Should().EndWith("5.safetensors");
    }

    [Fact]
    public void FailedSaveDeletesNothing()
    {
        var folder = new CheckpointFolder(_folder["runs"], _checkpoint) { Keep = 1 };
        Save(folder, 1);
        int asked = 0;
        _checkpoint.Add("part", new Part { Asked = () => _ = ++asked == 2 ? throw new IOException("full") : 0 });
        folder.Invoking(failing => failing.Save(2)).Should().Throw<IOException>();
        Directory.EnumerateFiles(_folder["runs"]).Should().Equal(folder.Files.Select(file => file.Path));
        folder.Files.Select(file => file.Step).Should().Equal(1);
    }

    [Fact]
    public void OtherFilesAreIgnored()
    {
        var folder = new CheckpointFolder(_folder["runs"], _checkpoint, "a") { Keep = 1 };
        Save(folder, 1);
        string[] others =
        [
            "b-000000005.safetensors", "a-000000005.safetensors.txt", "a-.safetensors", "a--000000005.safetensors", "a-5x.safetensors", "a-99999999999999999999.safetensors",
            $".b-000000005.safetensors.{Guid.NewGuid():N}.tmp",
        ];
        string stale = $".a-000000005.safetensors.{Guid.NewGuid():N}.tmp";
        foreach (string name in others.Append(stale))
        {
            File.WriteAllText(_folder[Path.Combine("runs", name)], "x");
        }

        Directory.CreateDirectory(_folder[Path.Combine("runs", "a-000000006.safetensors")]);
        Save(folder, 2);
        folder.LoadNewest()!.PassedOver.Should().BeEmpty();
        Directory.EnumerateFiles(_folder["runs"]).Select(path => Path.GetFileName(path)).Should()
            .BeEquivalentTo(others.Append("a-000000002.safetensors"));
        foreach (string name in new[] { "", "a/b", "." + Path.DirectorySeparatorChar })
        {
            new Action(() => _ = new CheckpointFolder(_folder["runs"], _checkpoint, name)).Should().Throw<ArgumentException>();
        }

        new Action(() => _ = new CheckpointFolder("x", _checkpoint) { Keep = 0 }).Should().Throw<ArgumentOutOfRangeException>();
        folder.Invoking(negative => negative.Save(-1)).Should().Throw<ArgumentOutOfRangeException>();
    }

    private string Save(CheckpointFolder folder, long step)
    {
        _set["w"].Values.Fill(step);
        return folder.Save(step).Path;
    }
}
