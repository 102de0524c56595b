using System.Text;

namespace Optimizers.Charts;

/// <summary>Draws a chart as text.</summary>
internal static class TextChart
{
    // These characters look different in any font.
    private const string Marks = "*o+x#%@=~&";

    public static string Draw(LineChart chart, int columns, int rows)
    {
        var axes = new ChartAxes(
            chart,
            fitsBeside: y => y.Ticks.DistinctBy(tick => RowOf(y, tick.Value, rows)).Count() == y.Ticks.Count,
            fitsBelow: (x, y) => Below(x, WidthBeside(y, columns)).Complete);
        int margin = Margin(axes.Y);
        int width = WidthBeside(axes.Y, columns);
        char[][] field = [.. Enumerable.Range(0, rows).Select(_ => Blank(width))];
        for (int i = 0; i < chart.Lines.Count; i++)
        {
            Array.ForEach(axes.Parts[i], part => Trace(part, axes, field, Marks[i % Marks.Length]));
        }

        var text = new StringBuilder();
        AddLine(text, new string(' ', margin + 2) + chart.Title);
        AddLine(text, chart.YLabel.Length > 0 ? new string(' ', margin + 2) + chart.YLabel : "");
        for (int row = 0; row < rows; row++)
        {
            string label = LabelAt(axes.Y, row, rows);
            AddLine(text, $"{label.PadLeft(margin)} {(label.Length > 0 ? '┤' : '│')}{new string(field[row])}");
        }

        AddLine(text, $"{new string(' ', margin)} └{new string('─', width)}");
        AddLine(text, new string(' ', margin + 2) + Below(axes.X, width).Line);
        AddLine(text, chart.XLabel.Length > 0 ? new string(' ', margin + 2) + Centred(chart.XLabel, width) : "");
        foreach ((int i, ChartLine line) in chart.Lines.Index().Where(_ => chart.Lines.Count > 1))
        {
            string note = line.Note.Length > 0 ? $"{line.Note} " : "";
            AddLine(text, $"{new string(' ', margin + 2)}{Marks[i % Marks.Length]} {note}{line.Name}");
        }

        return text.ToString().TrimEnd('\n');
    }

    private static int Margin(ChartAxis y) => y.Ticks.Max(tick => tick.Label.Length);

    private static int WidthBeside(ChartAxis y, int columns) => Math.Max(columns - Margin(y) - 2, 1);

    // Points outside the axis are in the row before the first or after the last.
    private static int RowOf(ChartAxis y, double value, int rows) =>
        (int)Math.Clamp(Math.Round((1 - y.ShareOf(value)) * (rows - 1)), -1, rows);

    private static char[] Blank(int width) => new string(' ', width).ToCharArray();

    // A line whose x ascends gets a mark in each column, and more marks where it is steep.
    private static void Trace(ChartPoint[] part, ChartAxes axes, char[][] field, char mark)
    {
        if (part.Zip(part.Skip(1)).Any(pair => pair.Second.X < pair.First.X))
        {
            TracePath(part, axes, field, mark);
            return;
        }

        int width = field[0].Length;
        int first = ColumnOf(axes.X, part[0].X, width);
        int last = ColumnOf(axes.X, part[^1].X, width);
        int next = 0;
        int before = RowOf(axes.Y, part[0].Y, field.Length);
        for (int column = first; column <= last; column++)
        {
            double x = Math.Clamp(axes.X.ValueAt(width == 1 ? 0 : column / (width - 1.0)), part[0].X, part[^1].X);
            while (next < part.Length - 1 && part[next].X < x)
            {
                next++;
            }

            int row = RowOf(axes.Y, next == 0 ? part[0].Y : Between(part[next - 1], part[next], x), field.Length);
            int from = row > before ? before + 1 : row < before ? before - 1 : row;
            for (int between = Math.Min(from, row); between <= Math.Max(from, row); between++)
            {
                Put(field, column, between, mark);
            }

            before = row;
        }
    }

    // A path may turn back, so its segments are drawn one by one.
    private static void TracePath(ChartPoint[] part, ChartAxes axes, char[][] field, char mark)
    {
        (int Column, int Row)[] cells =
        [
            .. part.Select(point => (ColumnOf(axes.X, point.X, field[0].Length), RowOf(axes.Y, point.Y, field.Length))),
        ];
        foreach (((int column, int row), (int nextColumn, int nextRow)) in cells.Zip(cells.Skip(1)))
        {
            int steps = Math.Max(Math.Max(Math.Abs(nextColumn - column), Math.Abs(nextRow - row)), 1);
            for (int i = 0; i <= steps; i++)
            {
                double share = (double)i / steps;
                Put(
                    field,
                    (int)Math.Round(column + (share * (nextColumn - column))),
                    (int)Math.Round(row + (share * (nextRow - row))),
                    mark);
            }
        }
    }

    // Points outside the axis are in the column before the first or after the last.
    private static int ColumnOf(ChartAxis x, double value, int width) =>
        (int)Math.Clamp(Math.Round(x.ShareOf(value) * (width - 1)), -1, width);

    private static void Put(char[][] field, int column, int row, char mark)
    {
        if (column >= 0 && column < field[0].Length && row >= 0 && row < field.Length)
        {
            field[row][column] = mark;
        }
    }

    private static double Between(ChartPoint one, ChartPoint other, double x)
    {
        // Halve the numbers first, so that their difference cannot overflow.
        double share = other.X > one.X ? ((x / 2) - (one.X / 2)) / ((other.X / 2) - (one.X / 2)) : 1;
        return ((1 - share) * one.Y) + (share * other.Y);
    }

    private static string LabelAt(ChartAxis axis, int row, int rows)
    {
        foreach ((double value, string label) in axis.Ticks)
        {
            if (RowOf(axis, value, rows) == row)
            {
                return label;
            }
        }

        return "";
    }

    // Returns the line of labels below the axis, without overlapping labels, and whether it has all labels.
    private static (string Line, bool Complete) Below(ChartAxis axis, int width)
    {
        char[] line = Blank(width);
        bool complete = true;
        foreach ((double value, string label) in axis.Ticks)
        {
            int middle = (int)Math.Round(axis.ShareOf(value) * (width - 1));
            int start = Math.Clamp(middle - (label.Length / 2), 0, Math.Max(width - label.Length, 0));
            int end = start + label.Length;
            if (end <= width && line.AsSpan(Math.Max(start - 1, 0)..Math.Min(end + 1, width)).Trim(' ').IsEmpty)
            {
                label.CopyTo(0, line, start, label.Length);
            }
            else
            {
                complete = false;
            }
        }

        return (new string(line), complete);
    }

    private static string Centred(string text, int width) => new string(' ', Math.Max((width - text.Length) / 2, 0)) + text;

    private static void AddLine(StringBuilder text, string line)
    {
        string trimmed = line.TrimEnd();
        if (trimmed.Length > 0)
        {
            text.Append(trimmed).Append('\n');
        }
    }
}
