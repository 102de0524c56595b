namespace Optimizers.Schedules;

/// <summary>A hyperbolic tangent from the first rate down to the floor; timm's TanhLRScheduler.</summary>
/// <remarks>
/// <para>Hsueh, Li &amp; Wu 2019, arXiv 1806.01593.</para>
/// <code>
/// v(k) = Floor + (Initial − Floor)·(1 − tanh x)/2           for k &lt; Steps
///        x = LowerBound + (UpperBound − LowerBound)·k/Steps
/// v(k) = Floor                                              afterwards
/// </code>
/// <para>The first update uses the peak, which is a millionth below Initial with the default bound of −7. At k = Steps the
/// rate jumps to the floor: with the default bound of 3, the curve would end above the floor by a quarter of a percent of
/// the range. The rate then stays at the floor.</para>
/// </remarks>
public sealed record Tanh : ILrSchedule, INamed
{
    /// <summary>Creates the schedule.</summary>
    /// <param name="initial">The upper limit of the curve. Finite, at least 0.</param>
    /// <param name="steps">The number of updates until the floor is reached, at least 1.</param>
    /// <param name="floor">The final rate. At least 0, at most <paramref name="initial"/>.</param>
    /// <param name="lowerBound">The argument of the tangent at the start of the curve. Finite; default −7, as in timm.</param>
    /// <param name="upperBound">The argument of the tangent at the end of the curve. Finite, above <paramref name="lowerBound"/>;
    /// default 3, as in timm.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public Tanh(double initial, long steps, double floor, double lowerBound = -7, double upperBound = 3)
    {
        Require.NonNegative(initial);
        Require.AtLeast(steps, 1);
        Require.NonNegative(floor);
        Require.AtMostOther(floor, initial, Curve.ToRise);
        Require.Finite(lowerBound);
        Require.Finite(upperBound);
        Require.AboveOther(upperBound, lowerBound);
        Initial = initial;
        Steps = steps;
        Floor = floor;
        LowerBound = lowerBound;
        UpperBound = upperBound;
    }

    /// <summary>The upper limit of the curve.</summary>
    public double Initial { get; }

    /// <summary>The number of updates until the floor is reached.</summary>
    public long Steps { get; }

    /// <summary>The rate from <see cref="Steps"/> on.</summary>
    public double Floor { get; }

    /// <summary>The argument of the tangent at the start of the curve.</summary>
    public double LowerBound { get; }

    /// <summary>The argument of the tangent at the end of the curve.</summary>
    public double UpperBound { get; }

    /// <inheritdoc/>
    public double At(long step)
    {
        Require.AtLeast(step, 0);
        if (step >= Steps)
        {
            return Floor;
        }

        // Computes (1 − tanh x)/2 without the digits that the difference would lose.
        double x = LowerBound + ((UpperBound - LowerBound) * ((double)step / Steps));
        return Curve.Line(Floor, Initial, 1 / (1 + Math.Exp(2 * x)));
    }

    internal static NamedType Named { get; } = new NamedType<Tanh>(new TanhContract());

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(Tanh), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class TanhContract : JsonSerializerContext;
