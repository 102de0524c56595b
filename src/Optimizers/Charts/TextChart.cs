using System.Text;

namespace Optimizers.Charts;

/// <summary>Draws a chart as text.</summary>
internal static class TextChart
{
    // Marks that look different in any font.
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

    private static int RowOf(ChartAxis y, double value, int rows) => (int)Math.Round((1 - y.ShareOf(value)) * (rows - 1));

    private static char[] Blank(int width) => new string(' ', width).ToCharArray();

    // A mark in each column, and where the line is steep on the rows between.
    private static void Trace(ChartPoint[] part, ChartAxes axes, char[][] field, char mark)
    {
        int width = field[0].Length;
        int first = ColumnOf(part[0].X);
        int last = ColumnOf(part[^1].X);
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
                field[between][column] = mark;
            }

            before = row;
        }

        int ColumnOf(double x) => (int)Math.Round(axes.X.ShareOf(x) * (width - 1));
    }

    private static double Between(ChartPoint one, ChartPoint other, double x)
    {
        // By halves, which do not overflow.
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

    // The labels that have room, and whether all have.
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
