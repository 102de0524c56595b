namespace Optimizers.Schedules;

/// <summary>One wide cycle: up to a high peak, down to far below the start, with the momentum going the other way.</summary>
/// <remarks>
/// <para>Smith &amp; Topin 2018, arXiv 1708.07120; as PyTorch's OneCycleLR, whose two phases and cosine are the default.</para>
/// <code>
/// first = Peak/InitialDivisor, last = first/FinalDivisor
/// a = WarmupFraction·TotalSteps − 1, b = 2a, e = TotalSteps − 1
/// v: Shape from first at 0 to Peak at a, to last at e         ThreePhase: to Peak at a, to first at b, to last at e
/// Momentum: Maximum at 0, Minimum at a, Maximum at e          ThreePhase: Maximum from b on
/// </code>
/// <para>a and b need not be whole: the peak is reached at k = a if a is, and else never quite. The last of TotalSteps
/// updates is at last, from where it is held; PyTorch raises there. WarmupFraction 0 begins one update down the slope;
/// above ½, ThreePhase does not get to its third phase.</para>
/// </remarks>
/// <example>
/// <code>
/// var cycle = new OneCycle(peak: 0.1, totalSteps: 10_000);
/// var group = new ParameterGroup(new AdamWOptions()) { Schedule = cycle, MomentumSchedule = cycle.Momentum };
/// </code>
/// </example>
public sealed record OneCycle : ILrSchedule
{
    private readonly OneCyclePhases _rates;

    /// <summary>Makes the schedule.</summary>
    /// <param name="peak">The highest rate. Finite, at least 0.</param>
    /// <param name="totalSteps">The number of updates of the cycle, at least 1.</param>
    /// <param name="warmupFraction">The share of them on the way up, from 0 to 1; default 0.3, as in PyTorch.</param>
    /// <param name="shape">The shape of every phase. Default a cosine, as in PyTorch; the paper has lines.</param>
    /// <param name="initialDivisor">The peak over the first rate. Finite, at least 1; default 25, as in PyTorch.</param>
    /// <param name="finalDivisor">The first rate over the last. Finite; at least 1 with three phases, and otherwise enough for the last
    /// rate not to be above the peak; default 10,000, as in PyTorch.</param>
    /// <param name="threePhase">Whether the way down goes to the first rate, in as many updates as the way up took, and
    /// then to the last, as in the paper. Default false, as in PyTorch.</param>
    /// <param name="minimumMomentum">The momentum at the peak. At least 0, below 1; default 0.85, as in PyTorch.</param>
    /// <param name="maximumMomentum">The momentum at the first and the last rate. At least
    /// <paramref name="minimumMomentum"/>, below 1; default 0.95, as in PyTorch.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public OneCycle(
        double peak,
        long totalSteps,
        double warmupFraction = 0.3,
        CurveShape shape = CurveShape.Cosine,
        double initialDivisor = 25,
        double finalDivisor = 1e4,
        bool threePhase = false,
        double minimumMomentum = 0.85,
        double maximumMomentum = 0.95)
    {
        Require.NonNegative(peak);
        Require.AtLeast(totalSteps, 1);
        Require.Between(warmupFraction, 0, 1);
        Require.Defined(shape);
        Require.Positive(initialDivisor);
        Require.Positive(finalDivisor);
        Require.AtLeast(initialDivisor, 1.0);
        Require.AtLeast(finalDivisor, threePhase ? 1.0 : 1 / initialDivisor);
        Require.Momenta(minimumMomentum, maximumMomentum);
        Peak = peak;
        TotalSteps = totalSteps;
        WarmupFraction = warmupFraction;
        Shape = shape;
        InitialDivisor = initialDivisor;
        FinalDivisor = finalDivisor;
        ThreePhase = threePhase;
        MinimumMomentum = minimumMomentum;
        MaximumMomentum = maximumMomentum;
        double first = peak / initialDivisor;
        double last = first / finalDivisor;
        _rates = new OneCyclePhases(
            first, peak, threePhase ? first : last, last, totalSteps, warmupFraction, shape, threePhase);
        Momentum = _rates with
        {
            First = maximumMomentum,
            Peak = minimumMomentum,
            Back = maximumMomentum,
            Last = maximumMomentum,
        };
    }

    /// <summary>The highest rate.</summary>
    public double Peak { get; }

    /// <summary>The number of updates of the cycle.</summary>
    public long TotalSteps { get; }

    /// <summary>The share of them on the way up.</summary>
    public double WarmupFraction { get; }

    /// <summary>The shape of every phase.</summary>
    public CurveShape Shape { get; }

    /// <summary>The peak over the first rate.</summary>
    public double InitialDivisor { get; }

    /// <summary>The first rate over the last.</summary>
    public double FinalDivisor { get; }

    /// <summary>Whether the way down pauses at the first rate.</summary>
    public bool ThreePhase { get; }

    /// <summary>The momentum at the peak.</summary>
    public double MinimumMomentum { get; }

    /// <summary>The momentum at the first and the last rate.</summary>
    public double MaximumMomentum { get; }

    /// <summary>The momentum of each update, for <see cref="ParameterGroup.MomentumSchedule"/>.</summary>
    public ILrSchedule Momentum { get; }

    /// <inheritdoc/>
    public double At(long step) => _rates.At(step);
}

/// <summary>The way from a first value to a peak, back, and with three phases to a last one.</summary>
internal sealed record OneCyclePhases(
    double First,
    double Peak,
    double Back,
    double Last,
    long TotalSteps,
    double WarmupFraction,
    CurveShape Shape,
    bool ThreePhase) : ILrSchedule
{
    public double At(long step)
    {
        Require.AtLeast(step, 0);
        double up = (WarmupFraction * TotalSteps) - 1;
        double end = TotalSteps - 1;
        double down = ThreePhase ? (2 * WarmupFraction * TotalSteps) - 2 : end;
        double k = Math.Min(step, end);
        return k <= up ? Curve.Between(Shape, First, Peak, up > 0 ? k / up : 1)
            : k <= down ? Curve.Between(Shape, Peak, Back, (k - up) / (down - up))
            : Curve.Between(Shape, Back, Last, (k - down) / (end - down));
    }
}
