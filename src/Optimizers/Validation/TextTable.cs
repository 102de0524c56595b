using System.Globalization;

namespace Optimizers;

/// <summary>Formats numbers and tables as text for people. The result is the same in every culture and on every system.</summary>
internal static class TextTable
{
    private const string Gap = "  ";

    /// <summary>A number with at most six significant digits; whole numbers have thousands separators.</summary>
    public static string Number(double value) => Math.Abs(value) is >= 1_000 and < 1e15 && value == Math.Truncate(value)
        ? value.ToString("N0", CultureInfo.InvariantCulture)
        : value.ToString("G6", CultureInfo.InvariantCulture);

    /// <summary>A number with its noun: "1 step", "2,000 steps".</summary>
    public static string Count(long count, string one, string? many = null) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {(count == 1 ? one : many ?? $"{one}s")}");

    /// <summary>A number of bytes with two decimals: "28.00 GB", where a GB is 10⁹ bytes; below 1,000 "999 B".</summary>
    public static string Size(long bytes)
    {
        string[] units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
        int unit = 0;
        double size = bytes;

        // The limit is the number that would round to 1000.00.
        for (; size >= 999.995 && unit < units.Length - 1; unit++)
        {
            size /= 1000;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{size.ToString(unit == 0 ? "F0" : "F2", CultureInfo.InvariantCulture)} {units[unit]}");
    }

    /// <summary>The name of the optimizer that the options belong to.</summary>
    public static string OptimizerOf(IOptimizerOptions options)
    {
        const string Ending = "Options";
        string name = options.GetType().Name;
        return name.EndsWith(Ending, StringComparison.Ordinal) && name.Length > Ending.Length ? name[..^Ending.Length] : name;
    }

    /// <summary>Formats cells in columns below their titles. Lines end with \n and have no trailing spaces.</summary>
    /// <param name="columns">The title of each column, and whether it contains numbers, which are aligned right.</param>
    /// <param name="rows">The cells of each row.</param>
    public static string Format(IReadOnlyList<(string Title, bool IsNumber)> columns, IReadOnlyList<string[]> rows)
    {
        string[] titles = [.. columns.Select(column => column.Title)];
        int[] widths = [.. columns.Select((column, i) => rows.Select(row => row[i].Length).Append(column.Title.Length).Max())];
        return string.Concat(rows.Prepend(titles).Select(row => string.Join(
            Gap,
            row.Select((cell, i) => columns[i].IsNumber ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i]))).TrimEnd() + "\n"));
    }
}
