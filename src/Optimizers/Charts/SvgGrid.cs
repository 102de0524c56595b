using System.Xml.Linq;
using static Optimizers.Charts.SvgElements;

namespace Optimizers.Charts;

/// <summary>Draws several charts as one SVG picture. Plots of a column and of a row are aligned.</summary>
internal sealed class SvgGrid
{
    private const double Padding = 16;
    private const double Gap = 20;
    private const double LegendLine = 22;
    private const double KeyWidth = 36;

    private readonly ChartGrid _grid;
    private readonly string[] _names;
    private readonly bool _sharesLegend;
    private readonly Cell[] _cells;
    private readonly Track[] _columns;
    private readonly Track[] _rows;

    private SvgGrid(ChartGrid grid)
    {
        _grid = grid;
        _names = [.. grid.Charts.SelectMany(chart => chart.Lines).Select(line => line.Name).Distinct()];
        _sharesLegend = _names.Length > 1 && grid.Charts.All(chart => chart.Lines.Select(line => line.Name).Distinct().Count() == _names.Length);
        _cells = [.. grid.Charts.Select(chart => CellOf(chart))];
        int columns = Math.Min(grid.Columns, _cells.Length);
        _columns = [.. Tracks(_cells.Index().GroupBy(cell => cell.Index % columns), cell => cell.Horizontal)];
        _rows = [.. Tracks(_cells.Index().GroupBy(cell => cell.Index / columns), cell => cell.Vertical)];
    }

    public static string Draw(ChartGrid grid) => new SvgGrid(grid).Draw();

    private string Draw()
    {
        double top = Padding + (_grid.Title.Length > 0 ? 28 : 0) + (_grid.Subtitle.Length > 0 ? 32 : 0);
        double width = Padding + Math.Max(
            _columns.Sum(column => column.Length + Gap) - Gap,
            Math.Max(TitleLetterWidth * _grid.Title.Length, LetterWidth * _grid.Subtitle.Length)) + Padding;
        double bottom = top + _rows.Sum(row => row.Length + Gap) - Gap;
        (XElement[] legend, double legendHeight) = _sharesLegend ? Legend(_names, Padding, bottom + Gap, width - (2 * Padding)) : ([], 0);
        return Document(
            width,
            bottom + (legendHeight > 0 ? Gap + legendHeight : 0) + Padding,
            _grid.Title,
            _grid.Title.Length > 0 ? [Text(Padding, Padding + 16, _grid.Title, "title")] : Array.Empty<XElement>(),
            _grid.Subtitle.Length > 0 ? [Text(Padding, top - 20, _grid.Subtitle, "subtitle")] : Array.Empty<XElement>(),
            _cells.Select((cell, i) => Draw(
                cell,
                Padding + Before(_columns, i % _columns.Length),
                top + Before(_rows, i / _columns.Length))),
            legend);
    }

    // The distance from the start of the first track to the plot in a track.
    private static double Before(Track[] tracks, int index) =>
        tracks.Take(index).Sum(track => track.Length + Gap) + tracks[index].Before;

    private static IEnumerable<Track> Tracks(IEnumerable<IGrouping<int, (int Index, Cell Item)>> groups, Func<Cell, Track> choose) =>
        groups.Select(group => group.Select(cell => choose(cell.Item)).Aggregate((one, other) => new Track(
            Math.Max(one.Before, other.Before), Math.Max(one.Plot, other.Plot), Math.Max(one.After, other.After))));

    private Cell CellOf(LineChart chart)
    {
        var panel = new SvgPanel(chart);
        string[] names = _sharesLegend ? [] : [.. chart.Lines.Select(line => line.Name).Distinct()];
        names = names.Length > 1 ? names : [];
        double labels = 14 + panel.YLabelsWidth + (chart.YLabel.Length > 0 ? 24 : 0);
        double widest = Math.Max(
            LetterWidth * chart.Title.Length, names.Length == 0 ? 0 : names.Max(name => KeyWidth + (LetterWidth * name.Length)));
        double below = chart.XLabel.Length > 0 ? 50 : 28;
        return new Cell(
            chart,
            panel,
            names,
            new Track(labels, chart.PlotWidth, Math.Max(panel.HalfXLabelWidth, widest - chart.PlotWidth)),
            new Track(chart.Title.Length > 0 ? 24 : 10, chart.PlotHeight, below + Legend(names, 0, 0, chart.PlotWidth).Height));
    }

    private IEnumerable<XElement> Draw(Cell cell, double left, double top)
    {
        LineChart chart = cell.Chart;
        double below = top + cell.Vertical.Plot + cell.Vertical.After - Legend(cell.Names, 0, 0, chart.PlotWidth).Height;
        return
        [
            .. chart.Title.Length > 0 ? [Text(left, top - 10, chart.Title, "panel")] : Array.Empty<XElement>(),
            .. cell.Panel.Draw(left, top, left - cell.Horizontal.Before + 12, (line, _) => Array.IndexOf(_names, line.Name)),
            .. Legend(cell.Names, left, below, chart.PlotWidth).Elements,
        ];
    }

    // The entries from left to right, in as many lines as the width needs.
    private (XElement[] Elements, double Height) Legend(string[] names, double left, double top, double width)
    {
        var elements = new List<XElement>();
        (double x, double y) = (left, top + (LegendLine / 2));
        foreach (string name in names)
        {
            double length = KeyWidth + (LetterWidth * name.Length);
            if (x > left && x + length > left + width)
            {
                (x, y) = (left, y + LegendLine);
            }

            elements.Add(Key(x, y, Array.IndexOf(_names, name)));
            elements.Add(Text(x + KeyWidth, y + 4, name, "start"));
            x += length + 24;
        }

        return ([.. elements], names.Length == 0 ? 0 : y - top + (LegendLine / 2));
    }

    private sealed record Cell(LineChart Chart, SvgPanel Panel, string[] Names, Track Horizontal, Track Vertical);

    // The space of a plot in one direction, and of its labels before and after it.
    private readonly record struct Track(double Before, double Plot, double After)
    {
        public double Length => Before + Plot + After;
    }
}
