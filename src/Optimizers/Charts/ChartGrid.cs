namespace Optimizers.Charts;

/// <summary>Several charts in one SVG picture, in rows and columns.</summary>
/// <remarks>
/// Lines of the same name have the same colour in all charts. If all charts have the same lines, the picture has one legend at its bottom.
/// Otherwise each chart of several lines has a legend below it.
/// </remarks>
/// <example>
/// <code>
/// var grid = new ChartGrid([rates, losses]) { Title = "Warmup" };
/// File.WriteAllText("warmup.svg", grid.ToSvg());
/// </code>
/// </example>
public sealed record ChartGrid
{
    /// <summary>Creates a grid.</summary>
    /// <param name="charts">The charts, at least one, row by row.</param>
    /// <exception cref="ArgumentException"><paramref name="charts"/> is empty, or a chart is null.</exception>
    public ChartGrid(IReadOnlyList<LineChart> charts) =>
        Charts = Require.Items(charts, "The list of charts is empty. A grid needs at least one chart.");

    /// <summary>The charts, row by row.</summary>
    public IReadOnlyList<LineChart> Charts { get; }

    /// <summary>The title above all charts. Default: none.</summary>
    public string Title { get; init; } = "";

    /// <summary>A line of text below the title. Default: none.</summary>
    public string Subtitle { get; init; } = "";

    /// <summary>The number of columns, from 1 to 100. Default: 2.</summary>
    public int Columns
    {
        get;
        init
        {
            Require.Between(value, 1, 100, nameof(Columns));
            field = value;
        }
    } = 2;

    /// <summary>Draws all charts as one picture.</summary>
    /// <returns>An SVG document with colours for light and for dark backgrounds; the viewer's setting selects them.</returns>
    /// <exception cref="InvalidOperationException">The properties of a chart contradict each other, see <see cref="LineChart.ToSvg"/>.</exception>
    public string ToSvg() => SvgGrid.Draw(this);
}
