using System.Diagnostics;
using System.Globalization;

namespace Optimizers.Tests;

/// <summary>A process that does nothing but save is killed at any moment: the file is always whole.</summary>
public sealed class KillTests
{
    /// <summary>How many kills there are in the long form.</summary>
    public const string CountVariable = "OPTIMIZERS_KILLS";

    /// <summary>The argument that makes the child process save.</summary>
    public const string SaveArgument = "save";

    private const int Length = 500_000;

    [Fact]
    public void AKilledSaveLeavesTheOldFileOrTheNewOne()
    {
        int kills = int.Parse(Environment.GetEnvironmentVariable(CountVariable) ?? "6", CultureInfo.InvariantCulture);
        using var folder = new TemporaryFolder();
        using var set = new ParameterSet();
        Checkpoint checkpoint = Make(set);
        var random = new Random(1);
        long last = 0;
        for (int kill = 0; kill < kills; kill++)
        {
            using (Process child = ChildProcess.Start(SaveArgument, folder["run"]))
            {
                // The child says a line whenever it has saved.
                for (int saves = random.Next(1, 4); saves > 0; saves--)
                {
                    child.StandardOutput.ReadLine().Should().NotBeNull();
                }

                Thread.Sleep(random.Next(30));
                child.Kill();
                child.WaitForExit();
            }

            checkpoint.Load(folder["run"]);
            long number = long.Parse(checkpoint.Values["number"], CultureInfo.InvariantCulture);
            set["w"].Values.IndexOfAnyExcept(number).Should().Be(-1, "all of the file is of one save");
            last = Math.Max(last, number);
            folder.Names.Count.Should().BeLessThanOrEqualTo(2, "the next save deletes what the last left");
        }

        last.Should().BeGreaterThan(1, "some were killed after the first save");
        checkpoint.Save(folder["run"]);
        folder.Names.Should().Equal("run");
    }

    /// <summary>Saves until it is killed: what the child process does.</summary>
    internal static void SaveForEver(string path)
    {
        using var set = new ParameterSet();
        Checkpoint checkpoint = Make(set);
        for (int number = 1; ; number++)
        {
            set["w"].Values.Fill(number);
            checkpoint.Values["number"] = number.ToString(CultureInfo.InvariantCulture);
            checkpoint.Save(path);
            Console.WriteLine("saved");
        }
    }

    private static Checkpoint Make(ParameterSet set)
    {
        set.Add("w", Length);
        return new Checkpoint(new ModelOptimizer(set, new SgdOptions()));
    }
}
