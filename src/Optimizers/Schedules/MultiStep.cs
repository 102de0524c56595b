namespace Optimizers.Schedules;

/// <summary>A rate that is multiplied by a factor at given updates; PyTorch's MultiStepLR.</summary>
/// <remarks>
/// <code>
/// v(k) = Initial·Gamma^n, n: the number of milestones that are at most k
/// </code>
/// <para>The first update uses Initial, unless 0 is a milestone. Initial is the peak if Gamma is at most 1. After the last
/// milestone the rate is constant. A milestone that is listed twice counts twice.</para>
/// </remarks>
public sealed record MultiStep : ILrSchedule, INamed
{
    private readonly ValueList<long> _milestones;

    /// <summary>Creates the schedule.</summary>
    /// <param name="initial">The rate before the first milestone. Finite, at least 0.</param>
    /// <param name="milestones">The indices of the first updates with a new rate, at least 0, in any order.</param>
    /// <param name="gamma">The factor. Finite, above 0; if it is above 1, the rate grows. Default 0.1, as in PyTorch.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public MultiStep(double initial, IReadOnlyList<long> milestones, double gamma = 0.1)
    {
        Require.NonNegative(initial);
        _milestones = Curve.Indices(milestones, anyOrder: true, nameof(milestones));
        Require.Positive(gamma);
        Initial = initial;
        Gamma = gamma;
    }

    /// <summary>The rate before the first milestone.</summary>
    public double Initial { get; }

    /// <summary>The indices of the first updates with a new rate, in ascending order.</summary>
    public IReadOnlyList<long> Milestones => _milestones;

    /// <summary>The factor of each change.</summary>
    public double Gamma { get; }

    /// <inheritdoc/>
    public double At(long step)
    {
        Require.AtLeast(step, 0);
        return Curve.Geometric(Initial, Gamma, Curve.CountUpTo(_milestones, step));
    }

    internal static NamedType Named { get; } = new NamedType<MultiStep>(new MultiStepContract());

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(MultiStep), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class MultiStepContract : JsonSerializerContext;
