namespace Optimizers.Schedules;

/// <summary>A rate that is multiplied by a factor at every update; PyTorch's ExponentialLR.</summary>
/// <remarks>
/// <code>
/// v(k) = Initial·Gamma^k
/// </code>
/// <para>The first update uses Initial, which is the peak if Gamma is at most 1. The schedule never ends: the rate tends to 0,
/// or grows without bound if Gamma is above 1. The power is accurate to the last bits at every index.</para>
/// </remarks>
public sealed record Exponential : ILrSchedule, INamed
{
    /// <summary>Creates the schedule.</summary>
    /// <param name="initial">The rate of the first update. Finite, at least 0.</param>
    /// <param name="gamma">The factor. Finite, above 0; if it is above 1, the rate grows.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public Exponential(double initial, double gamma)
    {
        Require.NonNegative(initial);
        Require.Positive(gamma);
        Initial = initial;
        Gamma = gamma;
    }

    /// <summary>The rate of the first update.</summary>
    public double Initial { get; }

    /// <summary>The factor of each update.</summary>
    public double Gamma { get; }

    /// <inheritdoc/>
    public double At(long step)
    {
        Require.AtLeast(step, 0);
        return Curve.Geometric(Initial, Gamma, step);
    }

    internal static NamedType Named { get; } = new NamedType<Exponential>(new ExponentialContract());

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(Exponential), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class ExponentialContract : JsonSerializerContext;
