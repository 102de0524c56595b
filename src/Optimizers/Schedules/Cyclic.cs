namespace Optimizers.Schedules;

/// <summary>The way in which the peaks of a <see cref="Cyclic"/> schedule change.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CyclicMode>))]
public enum CyclicMode
{
    /// <summary>All peaks are equal.</summary>
    Triangular,

    /// <summary>Each peak is half as far above the base as the one before.</summary>
    Triangular2,

    /// <summary>The height above the base is multiplied by Gamma at every update.</summary>
    ExponentialRange,
}

/// <summary>A triangle wave between two rates; the momentum moves in the opposite direction.</summary>
/// <remarks>
/// <para>Smith 2017, arXiv 1506.01186; the same as PyTorch's CyclicLR.</para>
/// <code>
/// q = k mod (StepsUp + StepsDown), c = k div (StepsUp + StepsDown)
/// h = q/StepsUp if q ≤ StepsUp, else (StepsUp + StepsDown − q)/StepsDown
///     Triangular2: h·2^−c            ExponentialRange: h·Gamma^k
/// v(k) = Base + (Peak − Base)·h,  Momentum: MaximumMomentum − (MaximumMomentum − MinimumMomentum)·h
/// </code>
/// <para>The first update uses Base; the first peak is at k = StepsUp. With ExponentialRange the rate at that index is only
/// the fraction Gamma^StepsUp of the way from Base to Peak. The cycles never end.</para>
/// </remarks>
public sealed record Cyclic : ILrSchedule, INamed
{
    private readonly CyclicTriangles _rates;

    /// <summary>Creates the schedule.</summary>
    /// <param name="base">The rate between the cycles. At least 0, at most <paramref name="peak"/>.</param>
    /// <param name="peak">The rate at the top of the first cycle. Finite, at least 0.</param>
    /// <param name="stepsUp">The number of updates from the base to the peak, at least 1.</param>
    /// <param name="stepsDown">The number of updates from the peak to the base, at least 1; default null: the same as
    /// <paramref name="stepsUp"/>.</param>
    /// <param name="mode">The way in which the peaks change. Default: all peaks are equal.</param>
    /// <param name="gamma">The factor of <see cref="CyclicMode.ExponentialRange"/>. Above 0, at most 1; must be 1 in the other
    /// modes. Default 1.</param>
    /// <param name="minimumMomentum">The momentum at the peak. At least 0, below 1; default 0.8, as in PyTorch.</param>
    /// <param name="maximumMomentum">The momentum at the base. At least <paramref name="minimumMomentum"/>, below 1;
    /// default 0.9, as in PyTorch.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public Cyclic(
        double @base,
        double peak,
        long stepsUp,
        long? stepsDown = null,
        CyclicMode mode = CyclicMode.Triangular,
        double gamma = 1,
        double minimumMomentum = 0.8,
        double maximumMomentum = 0.9)
    {
        Require.NonNegative(@base, nameof(@base));
        Require.NonNegative(peak);
        Require.AtMostOther(@base, peak, "Exchange them. To begin at the higher rate, use Shift(-stepsUp).", nameof(@base));
        Require.AtLeast(stepsUp, 1);
        long down = stepsDown ?? stepsUp;
        Require.AtLeast(down, 1, nameof(stepsDown));
        if (down > long.MaxValue - stepsUp)
        {
            throw new ArgumentOutOfRangeException(
                stepsDown is null ? nameof(stepsUp) : nameof(stepsDown),
                down,
                $"{nameof(stepsUp)} and {nameof(stepsDown)} are {stepsUp} and {down}, but must be at most {long.MaxValue} together.");
        }

        Require.Defined(mode);
        Require.Positive(gamma);
        Require.Between(gamma, 0, 1);
        if (gamma != 1 && mode != CyclicMode.ExponentialRange)
        {
            throw new ArgumentOutOfRangeException(
                nameof(gamma), gamma, $"{nameof(gamma)} is {gamma}, but must be 1 in the mode {mode}: only {nameof(CyclicMode.ExponentialRange)} uses it.");
        }

        Require.Momenta(minimumMomentum, maximumMomentum);
        Base = @base;
        Peak = peak;
        StepsUp = stepsUp;
        StepsDown = stepsDown;
        Mode = mode;
        Gamma = gamma;
        MinimumMomentum = minimumMomentum;
        MaximumMomentum = maximumMomentum;
        _rates = new CyclicTriangles(@base, peak, stepsUp, down, mode, gamma);
        Momentum = _rates with { Base = maximumMomentum, Peak = minimumMomentum };
    }

    /// <summary>The rate between the cycles.</summary>
    public double Base { get; }

    /// <summary>The rate at the top of the first cycle, if Gamma is 1.</summary>
    public double Peak { get; }

    /// <summary>The number of updates from the base to the peak.</summary>
    public long StepsUp { get; }

    /// <summary>The number of updates from the peak to the base; null if it is the same as StepsUp.</summary>
    public long? StepsDown { get; }

    /// <summary>The way in which the peaks change.</summary>
    public CyclicMode Mode { get; }

    /// <summary>The factor of <see cref="CyclicMode.ExponentialRange"/>.</summary>
    public double Gamma { get; }

    /// <summary>The momentum at the peak.</summary>
    public double MinimumMomentum { get; }

    /// <summary>The momentum at the base.</summary>
    public double MaximumMomentum { get; }

    /// <summary>The momentum of each update, for <see cref="ParameterGroup.MomentumSchedule"/>.</summary>
    public ILrSchedule Momentum { get; }

    /// <inheritdoc/>
    public double At(long step) => _rates.At(step);

    internal static NamedType Named { get; } = new NamedType<Cyclic>(new CyclicContract());

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(Cyclic), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class CyclicContract : JsonSerializerContext;

/// <summary>Linear changes from a base to a peak and back.</summary>
internal sealed record CyclicTriangles(
    double Base, double Peak, long StepsUp, long StepsDown, CyclicMode Mode, double Gamma) : ILrSchedule
{
    public double At(long step)
    {
        Require.AtLeast(step, 0);
        (long cycle, long position) = Math.DivRem(step, StepsUp + StepsDown);
        double height = position <= StepsUp
            ? (double)position / StepsUp
            : (double)(StepsUp + StepsDown - position) / StepsDown;
        return Curve.Line(Base, Peak, Mode switch
        {
            CyclicMode.Triangular2 => Curve.Geometric(height, 0.5, cycle),
            CyclicMode.ExponentialRange => Curve.Geometric(height, Gamma, step),
            _ => height,
        });
    }
}
