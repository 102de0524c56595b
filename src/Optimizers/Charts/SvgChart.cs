using System.Xml.Linq;
using static Optimizers.Charts.SvgElements;

namespace Optimizers.Charts;

/// <summary>Draws a chart as an SVG picture, with its legend on the right.</summary>
internal static class SvgChart
{
    private const double Top = 64;
    private const double LegendLine = 24;

    public static string Draw(LineChart chart)
    {
        var panel = new SvgPanel(chart);
        double left = Math.Max(70, 48 + panel.YLabelsWidth);
        double right = left + chart.PlotWidth;
        double bottom = Top + chart.PlotHeight;
        double height = bottom + 56;
        double width = Math.Max(
            right + Math.Max(LegendWidth(chart), panel.HalfXLabelWidth + 8), left + (TitleLetterWidth * chart.Title.Length) + 16);
        if (chart.Lines.Count > 1)
        {
            height = Math.Max(height, Top + (LegendLine * (chart.Lines.Count + 1)));
        }

        return Document(
            width,
            height,
            chart.Title,
            Text(left, 34, chart.Title, "title"),
            panel.Draw(left, Top, yLabelX: 20, (_, i) => i),
            chart.Lines.Count > 1 ? Legend(chart, right + 24) : []);
    }

    private static double LegendWidth(LineChart chart) => chart.Lines.Count == 1
        ? 0
        : 24 + Math.Max(
            LetterWidth * chart.LegendTitle.Length,
            38 + NoteWidth(chart) + (LetterWidth * chart.Lines.Max(line => line.Name.Length))) + 16;

    private static double NoteWidth(LineChart chart) =>
        chart.Lines.Max(line => line.Note.Length) is > 0 and int letters ? (LetterWidth * letters) + 12 : 0;

    private static IEnumerable<XElement> Legend(LineChart chart, double left)
    {
        yield return Text(left, Top + 4, chart.LegendTitle, "start");
        double nameLeft = left + 38 + NoteWidth(chart);
        foreach ((int i, ChartLine line) in chart.Lines.Index())
        {
            double y = Top + (LegendLine * (i + (chart.LegendTitle.Length > 0 ? 1 : 0)));
            yield return Key(left, y, i);
            if (line.Note.Length > 0)
            {
                yield return Text(left + 38, y + 4, line.Note, "start");
            }

            yield return Text(nameLeft, y + 4, line.Name, "start");
        }
    }
}
