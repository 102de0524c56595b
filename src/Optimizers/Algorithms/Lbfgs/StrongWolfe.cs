namespace Optimizers;

/// <summary>
/// Finds a step size that meets the strong Wolfe conditions: the loss falls by at least a share of the fall that
/// the first slope predicts, and the slope becomes flatter. The search first finds a bracket around such a point, and then narrows it.
/// Both parts try the minimum of a cubic through two points. Nocedal &amp; Wright 2006, algorithms 3.5 and 3.6, in the order and with the constants of PyTorch.
/// </summary>
/// <remarks>
/// A value that is not finite counts as +∞. The search then tries the middle of the bracket instead of the minimum of a cubic, so it
/// returns to the domain of the function. PyTorch compares with the NaN.
/// </remarks>
internal static class StrongWolfe
{
    private const double SufficientDecrease = 1e-4;
    private const double Flattening = 0.9;
    private const double NarrowestBracket = 1e-9;

    /// <summary>Searches, and stores the gradient at the point that it returns.</summary>
    /// <param name="line">The line.</param>
    /// <param name="start">The start of the line, where the slope is negative.</param>
    /// <param name="first">The distance to try first.</param>
    /// <param name="mostTrials">The maximum number of further distances to try.</param>
    /// <returns>The point to go to, which may be the start.</returns>
    public static LinePoint Search<TLine>(TLine line, LinePoint start, double first, int mostTrials)
        where TLine : ILine
    {
        LinePoint previous = start;
        LinePoint point = line.At(first);
        for (int trial = 0; trial < mostTrials; trial++)
        {
            if (!Falls(start, point) || (trial > 1 && point.Loss >= previous.Loss))
            {
                return Narrow(line, start, [previous, point], mostTrials - trial);
            }

            if (IsFlat(start, point))
            {
                line.Keep();
                return point;
            }

            if (point.Slope >= 0)
            {
                return Narrow(line, start, [previous, point], mostTrials - trial);
            }

            line.Keep();
            double next = Minimizer(
                previous, point, point.Distance + (0.01 * (point.Distance - previous.Distance)), 10 * point.Distance);
            previous = point;
            point = line.At(next);
        }

        if (start.Loss <= point.Loss)
        {
            line.KeepStart();
            return start;
        }

        line.Keep();
        return point;
    }

    /// <summary>
    /// Returns the minimum of the cubic with the loss and the slope of two points, limited to a range. If the cubic has no
    /// minimum, returns the middle of the range.
    /// </summary>
    public static double Minimizer(LinePoint one, LinePoint other, double lowest, double highest)
    {
        (LinePoint left, LinePoint right) = one.Distance <= other.Distance ? (one, other) : (other, one);
        double width = right.Distance - left.Distance;
        double z = one.Slope + other.Slope - (3 * (one.Loss - other.Loss) / (one.Distance - other.Distance));
        double square = (z * z) - (one.Slope * other.Slope);
        double root = Math.Sqrt(square);
        double minimizer = right.Distance - (width * ((right.Slope + root - z) / (right.Slope - left.Slope + (2 * root))));

        // In this form, a NaN does not count as a minimum.
        return square >= 0 && !double.IsNaN(minimizer)
            ? Math.Min(Math.Max(minimizer, lowest), highest)
            : (lowest + highest) / 2;
    }

    private static LinePoint Narrow<TLine>(TLine line, LinePoint start, Span<LinePoint> ends, int mostTrials)
        where TLine : ILine
    {
        int low = LowerOf(ends);
        if (low == 1)
        {
            line.Keep();
        }

        bool stalled = false;
        for (int trial = 0; trial < mostTrials; trial++)
        {
            double left = Math.Min(ends[0].Distance, ends[1].Distance);
            double right = Math.Max(ends[0].Distance, ends[1].Distance);
            if ((right - left) * line.Reach < NarrowestBracket)
            {
                break;
            }

            double distance = AwayFromEnds(Minimizer(ends[0], ends[1], left, right), left, right, ref stalled);
            LinePoint point = line.At(distance);
            if (!Falls(start, point) || point.Loss >= ends[low].Loss)
            {
                int replaced = 1 - low;
                ends[replaced] = point;
                low = LowerOf(ends);
                if (low == replaced)
                {
                    line.Keep();
                }

                continue;
            }

            line.Keep();
            if (IsFlat(start, point))
            {
                return point;
            }

            if (point.Slope * (ends[1 - low].Distance - ends[low].Distance) >= 0)
            {
                ends[1 - low] = ends[low];
            }

            ends[low] = point;
        }

        return ends[low];
    }

    // A minimum close to an end narrows the bracket only a little. The search accepts such a minimum once, but not twice in
    // a row.
    private static double AwayFromEnds(double distance, double left, double right, ref bool stalled)
    {
        double margin = 0.1 * (right - left);
        if (!(Math.Min(right - distance, distance - left) < margin))
        {
            stalled = false;
            return distance;
        }

        if (!stalled && distance > left && distance < right)
        {
            stalled = true;
            return distance;
        }

        stalled = false;
        return right - distance < distance - left ? right - margin : left + margin;
    }

    private static bool Falls(LinePoint start, LinePoint point) =>
        point.Loss <= start.Loss + (SufficientDecrease * point.Distance * start.Slope);

    private static bool IsFlat(LinePoint start, LinePoint point) =>
        Math.Abs(point.Slope) <= -Flattening * start.Slope;

    private static int LowerOf(ReadOnlySpan<LinePoint> ends) => ends[0].Loss <= ends[1].Loss ? 0 : 1;
}
