namespace Optimizers.Schedules;

/// <summary>A rate that is multiplied by a factor at given updates; PyTorch's MultiStepLR.</summary>
/// <remarks>
/// <code>
/// v(k) = Initial·Gamma^n, n: how many milestones are at most k
/// </code>
/// <para>The first update is at Initial, which is the peak if Gamma is at most 1, unless 0 is a milestone. After the
/// last milestone the rate stays. One that is listed twice counts twice.</para>
/// </remarks>
public sealed record MultiStep : ILrSchedule, INamed
{
    private readonly ValueList<long> _milestones;

    /// <summary>Makes the schedule.</summary>
    /// <param name="initial">The rate of the first updates. Finite, at least 0.</param>
    /// <param name="milestones">The indices of the first updates at another rate, at least 0, in any order.</param>
    /// <param name="gamma">The factor. Finite, above 0; above 1 the rate grows. Default 0.1, as in PyTorch.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public MultiStep(double initial, IReadOnlyList<long> milestones, double gamma = 0.1)
    {
        Require.NonNegative(initial);
        _milestones = Curve.Indices(milestones, anyOrder: true, nameof(milestones));
        Require.Positive(gamma);
        Initial = initial;
        Gamma = gamma;
    }

    /// <summary>The rate of the first updates.</summary>
    public double Initial { get; }

    /// <summary>The indices of the first updates at another rate, in ascending order.</summary>
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
