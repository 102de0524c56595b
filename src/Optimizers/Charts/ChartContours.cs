namespace Optimizers.Charts;

/// <summary>A surface over the plane of a <see cref="LineChart"/>, drawn as lines of equal height.</summary>
/// <example>
/// <code>
/// var chart = new LineChart([new ChartLine("Sgd", path)])
/// {
///     Contours = new ChartContours((x, y) => ((x * x) + (20 * y * y)) / 2, [0.5, 2, 4.5, 8]),
///     EqualScales = true,
/// };
/// </code>
/// </example>
public sealed record ChartContours
{
    /// <summary>Creates a surface.</summary>
    /// <param name="height">The height at x and y. No line is drawn where the height is not finite.</param>
    /// <param name="levels">The heights at which lines are drawn.</param>
    /// <exception cref="ArgumentException">An argument is null, or a level is not finite.</exception>
    public ChartContours(Func<double, double, double> height, IReadOnlyList<double> levels)
    {
        ArgumentNullException.ThrowIfNull(height);
        ArgumentNullException.ThrowIfNull(levels);
        for (int i = 0; i < levels.Count; i++)
        {
            if (!double.IsFinite(levels[i]))
            {
                throw new ArgumentException(FormattableString.Invariant($"levels[{i}] = {levels[i]} must be finite."), nameof(levels));
            }
        }

        Height = height;
        Levels = new ValueList<double>(levels);
    }

    /// <summary>The height at x and y.</summary>
    public Func<double, double, double> Height { get; }

    /// <summary>The heights at which lines are drawn.</summary>
    public IReadOnlyList<double> Levels { get; }
}
