using Digits;
using Optimizers.Charts;
using Samples;

namespace FindRate;

/// <summary>The measured parts of docs/rates.md: the tables between two marks, and the pictures.</summary>
internal static class Page
{
    private const string Begin = "<!-- dense -->\n";
    private const string End = "<!-- /dense -->\n";

    /// <summary>The recipe whose range test the page shows.</summary>
    public static Recipe Shown { get; } = DenseSweep.Recipes.Single(recipe => recipe.Name == "Adam");

    /// <summary>Measures and writes the tables and the pictures.</summary>
    /// <param name="folder">The folder of the documentation.</param>
    /// <param name="search">Runs the training.</param>
    public static void WriteInto(DirectoryInfo folder, Search search)
    {
        string path = Path.Combine(folder.FullName, "rates.md");
        string page = File.ReadAllText(path);
        int begin = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        int end = page.IndexOf(End, StringComparison.Ordinal);
        if (begin < Begin.Length || end < begin)
        {
            throw new IOException($"\"{path}\" must contain the lines {Begin.TrimEnd()} and {End.TrimEnd()}, in this order.");
        }

        // Training takes a minute, so check before it that all files can be written.
        string pictures = Path.Combine(folder.FullName, "images", "rates");
        Directory.CreateDirectory(pictures);
        string dense = Path.Combine(pictures, "dense.svg");
        string range = Path.Combine(pictures, "range.svg");
        Array.ForEach([path, dense, range], OutputFile.RequireWritable);

        DenseSweep[] sweeps = [.. DenseSweep.Recipes.Select(recipe => DenseSweep.Of(search, recipe))];
        string tables = DenseSweep.Markdown(sweeps);
        File.WriteAllText(path, $"{page[..begin]}{tables}{page[end..]}");
        string[][] rows = [.. tables.Split('\n').Reverse().SkipWhile(line => line.Length == 0)
            .TakeWhile(line => !line.StartsWith("| ---", StringComparison.Ordinal))
            .Reverse()
            .Select(line => line.Trim('|').Split('|', StringSplitOptions.TrimEntries))];
        Draw(dense, DenseSweep.ChartOf([.. sweeps.Select(sweep => sweep.Optimizer)], rows));
        Draw(range, RangeChart.Of(Shown, search.Find(Shown)));
    }

    private static void Draw(string path, LineChart chart) =>
        File.WriteAllText(path, $"{chart.ToSvg()}\n");
}
