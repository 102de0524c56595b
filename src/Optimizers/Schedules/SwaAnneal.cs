namespace Optimizers.Schedules;

/// <summary>A change to the constant rate at which weights are averaged (SWA); PyTorch's SWALR.</summary>
/// <remarks>
/// <para>Izmailov et al. 2018, arXiv 1803.05407.</para>
/// <code>
/// v(k) = Shape from Initial to SwaRate, t = min(k/AnnealSteps, 1)
/// </code>
/// <para>The first update uses Initial; the first update that uses SwaRate is k = AnnealSteps. The rate then stays at
/// SwaRate. Put this schedule after another one with <see cref="Sequence"/>.</para>
/// </remarks>
public sealed record SwaAnneal : ILrSchedule, INamed
{
    /// <summary>Creates the schedule.</summary>
    /// <param name="initial">The rate of the first update, usually the last rate of the schedule before. Finite, at least
    /// 0.</param>
    /// <param name="swaRate">The final rate, below or above <paramref name="initial"/>. Finite, at least 0.</param>
    /// <param name="annealSteps">The number of updates from the first rate to the final one, at least 0.</param>
    /// <param name="shape">The shape of the change. Default a cosine, as in PyTorch.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public SwaAnneal(double initial, double swaRate, long annealSteps, CurveShape shape = CurveShape.Cosine)
    {
        Require.NonNegative(initial);
        Require.NonNegative(swaRate);
        Require.AtLeast(annealSteps, 0);
        Require.Defined(shape);
        Initial = initial;
        SwaRate = swaRate;
        AnnealSteps = annealSteps;
        Shape = shape;
    }

    /// <summary>The rate of the first update.</summary>
    public double Initial { get; }

    /// <summary>The final rate.</summary>
    public double SwaRate { get; }

    /// <summary>The number of updates from the first rate to the final one.</summary>
    public long AnnealSteps { get; }

    /// <summary>The shape of the change.</summary>
    public CurveShape Shape { get; }

    /// <inheritdoc/>
    public double At(long step)
    {
        Require.AtLeast(step, 0);
        return Curve.Between(Shape, Initial, SwaRate, Curve.Progress(step, 0, AnnealSteps));
    }

    internal static NamedType Named { get; } = new NamedType<SwaAnneal>(new SwaAnnealContract());

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(SwaAnneal), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class SwaAnnealContract : JsonSerializerContext;
