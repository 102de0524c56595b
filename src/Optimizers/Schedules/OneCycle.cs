namespace Optimizers.Schedules;

/// <summary>
/// The one-cycle schedule: up to a high peak, then down to far below the first rate; the momentum moves in the opposite
/// direction.
/// </summary>
/// <remarks>
/// <para>Smith &amp; Topin 2018, arXiv 1708.07120. The schedule is the same as PyTorch's OneCycleLR, with two phases and a
/// cosine by default, except for very short cycles and after the end (see below).</para>
/// <code>
/// first = Peak/InitialDivisor, last = first/FinalDivisor
/// a = WarmupFraction·TotalSteps − 1, b = 2a, e = TotalSteps − 1
/// v: Shape from first at 0 to Peak at a, to last at e         ThreePhase: to Peak at a, to first at b, to last at e
/// Momentum: Maximum at 0, Minimum at a, Maximum at e          ThreePhase: Maximum from b on
/// </code>
/// <para>The peak is at k = a. As in PyTorch, a is not rounded. If a is not whole, the updates before and after it come near
/// the peak. In a very short cycle neither of them may reach three quarters of the peak; a is then rounded to the nearest
/// update before the last, and b = 2a. In such a cycle PyTorch has no update near the peak: with one update it uses <c>last</c>,
/// and with three phases and a ≤ ½ it stays at or below <c>first</c>.</para>
/// <para>The last of the TotalSteps updates uses the rate <c>last</c>, which then stays; PyTorch raises an error after the
/// last update. With a WarmupFraction of 0 the first update is already on the way down. With ThreePhase and a WarmupFraction
/// above ½ the third phase is never reached. With a WarmupFraction of 1 the last update uses the peak.</para>
/// </remarks>
/// <example>
/// <code>
/// var cycle = new OneCycle(peak: 0.1, totalSteps: 10_000);
/// var group = new ParameterGroup(new AdamWOptions()) { Schedule = cycle, MomentumSchedule = cycle.Momentum };
/// </code>
/// </example>
public sealed record OneCycle : ILrSchedule, INamed
{
    private readonly OneCyclePhases _rates;

    /// <summary>Creates the schedule.</summary>
    /// <param name="peak">The highest rate. Finite, at least 0.</param>
    /// <param name="totalSteps">The number of updates in the cycle, at least 1.</param>
    /// <param name="warmupFraction">The share of the updates on the way up, from 0 to 1; default 0.3, as in PyTorch.</param>
    /// <param name="shape">The shape of every phase. Default a cosine, as in PyTorch; the paper has linear phases.</param>
    /// <param name="initialDivisor">The peak divided by the first rate. Finite, at least 1; default 25, as in PyTorch.</param>
    /// <param name="finalDivisor">The first rate divided by the last rate. Finite. At least 1 with three phases; otherwise large
    /// enough that the last rate is not above the peak. Default 10,000, as in PyTorch.</param>
    /// <param name="threePhase">Whether the rate falls in two phases, as in the paper: first to the first rate, in as many
    /// updates as the rise, and then to the last rate. Default false, as in PyTorch.</param>
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
        _rates = _rates.ReachingThePeak();
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

    /// <summary>The number of updates in the cycle.</summary>
    public long TotalSteps { get; }

    /// <summary>The share of the updates on the way up.</summary>
    public double WarmupFraction { get; }

    /// <summary>The shape of every phase.</summary>
    public CurveShape Shape { get; }

    /// <summary>The peak divided by the first rate.</summary>
    public double InitialDivisor { get; }

    /// <summary>The first rate divided by the last rate.</summary>
    public double FinalDivisor { get; }

    /// <summary>Whether the rate falls in two phases, with the first rate between them.</summary>
    public bool ThreePhase { get; }

    /// <summary>The momentum at the peak.</summary>
    public double MinimumMomentum { get; }

    /// <summary>The momentum at the first and the last rate.</summary>
    public double MaximumMomentum { get; }

    /// <summary>The momentum of each update, for <see cref="ParameterGroup.MomentumSchedule"/>.</summary>
    public ILrSchedule Momentum { get; }

    /// <inheritdoc/>
    public double At(long step) => _rates.At(step);

    internal static NamedType Named { get; } = new NamedType<OneCycle>(new OneCycleContract());

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(OneCycle), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class OneCycleContract : JsonSerializerContext;

/// <summary>A change from a first value to a peak and down to a last value, in two or three phases.</summary>
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
    // The end of the way up. A copy made with "with" keeps it, so that the momentum turns where the rate turns.
    private double _up = WholeIfRounded((WarmupFraction * TotalSteps) - 1, TotalSteps);

    /// <summary>Returns the same phases, or phases with the peak at an update if no update comes near it.</summary>
    public OneCyclePhases ReachingThePeak()
    {
        long before = (long)Math.Max(Math.Floor(_up), 0);
        return Math.Max(At(before), At(before + 1)) >= 0.75 * Peak
            ? this
            : this with { _up = Math.Clamp(Math.Ceiling(_up - 0.5), 0, Math.Max(TotalSteps - 2, 0)) };
    }

    public double At(long step)
    {
        Require.AtLeast(step, 0);
        double end = TotalSteps - 1;
        double down = ThreePhase ? 2 * _up : end;
        double k = Math.Min(step, end);
        return k <= _up ? Curve.Between(Shape, First, Peak, _up > 0 ? k / _up : 1)
            : k <= down ? Curve.Between(Shape, Peak, Back, (k - _up) / (down - _up))
            : Curve.Between(Shape, Back, Last, (k - down) / (end - down));
    }

    // In double, 0.07·100 is 7.000000000000001.
    private static double WholeIfRounded(double index, long totalSteps) =>
        Math.Abs(index - Math.Round(index)) <= 1e-15 * totalSteps ? Math.Round(index) : index;
}
