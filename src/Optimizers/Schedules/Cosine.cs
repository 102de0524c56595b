namespace Optimizers.Schedules;

/// <summary>Half a cosine from the peak down to the floor.</summary>
/// <remarks>
/// <para>Loshchilov &amp; Hutter 2017, arXiv 1608.03983, equation 5, without restarts.</para>
/// <code>v(k) = Floor + (Peak − Floor)·(1 + cos πt)/2, t = min(k/Steps, 1)</code>
/// <para>The first update uses the peak. After Steps updates the rate stays at the floor, as in optax; PyTorch's
/// CosineAnnealingLR rises again.</para>
/// </remarks>
public sealed record Cosine : ILrSchedule, INamed
{
    /// <summary>Creates the schedule.</summary>
    /// <param name="peak">The rate of the first update. Finite, at least 0.</param>
    /// <param name="steps">The number of updates until the floor is reached, at least 1.</param>
    /// <param name="floor">The final rate. At least 0, at most <paramref name="peak"/>; default 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public Cosine(double peak, long steps, double floor = 0)
    {
        Require.NonNegative(peak);
        Require.AtLeast(steps, 1);
        Require.NonNegative(floor);
        Require.AtMostOther(floor, peak, Curve.ToRise);
        Peak = peak;
        Steps = steps;
        Floor = floor;
    }

    /// <summary>The rate of the first update.</summary>
    public double Peak { get; }

    /// <summary>The number of updates until the floor is reached.</summary>
    public long Steps { get; }

    /// <summary>The rate after <see cref="Steps"/> updates.</summary>
    public double Floor { get; }

    /// <inheritdoc/>
    public double At(long step)
    {
        Require.AtLeast(step, 0);
        return Curve.HalfCosine(Peak, Floor, Curve.Progress(step, 0, Steps));
    }

    internal static NamedType Named { get; } = new NamedType<Cosine>(new CosineContract());

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(Cosine), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class CosineContract : JsonSerializerContext;
