using System.Diagnostics;
using System.Globalization;

namespace Optimizers.Tests;

/// <summary>A process that saves in a loop is killed at random moments. The file is always complete.</summary>
public sealed class KillTests
{
    /// <summary>The number of kills in the long form of the test.</summary>
    public const string CountVariable = "OPTIMIZERS_KILLS";

    /// <summary>The argument that makes the child process save.</summary>
    public const string SaveArgument = "save";

    private const int Length = 500_000;

    [Fact]
    public void KilledSaveLeavesTheOldOrTheNewFile()
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
                // The child writes a line after each save.
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
            set["w"].Values.IndexOfAnyExcept(number).Should().Be(-1, "the whole file comes from one save");
            last = Math.Max(last, number);
            folder.Names.Count.Should().BeLessThanOrEqualTo(2, "the next save deletes the files that the last one left");
        }

        last.Should().BeGreaterThan(1, "some kills were after the first save");
        checkpoint.Save(folder["run"]);
        folder.Names.Should().Equal("run");
    }

    /// <summary>Saves until the process is killed. This is the work of the child process.</summary>
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
