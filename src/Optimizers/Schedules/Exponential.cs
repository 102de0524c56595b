namespace Optimizers.Schedules;

/// <summary>A rate that is multiplied by a factor at every update; PyTorch's ExponentialLR.</summary>
/// <remarks>
/// <code>
/// v(k) = Initial·Gamma^k
/// </code>
/// <para>The first update is at Initial, which is the peak if Gamma is at most 1. It goes on for ever: towards 0, or
/// without bound if Gamma is above 1. The power is right to the last bits at any index.</para>
/// </remarks>
public sealed record Exponential : ILrSchedule, INamed
{
    /// <summary>Makes the schedule.</summary>
    /// <param name="initial">The rate of the first update. Finite, at least 0.</param>
    /// <param name="gamma">The factor. Finite, above 0; above 1 the rate grows.</param>
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
