namespace Optimizers.Schedules;

/// <summary>A rate that is multiplied by a factor after every given number of updates; PyTorch's StepLR.</summary>
/// <remarks>
/// <code>v(k) = Initial·Gamma^⌊k/StepSize⌋</code>
/// <para>The changes never end.</para>
/// </remarks>
public sealed record StepDecay : ILrSchedule, INamed
{
    /// <summary>Creates the schedule.</summary>
    /// <param name="initial">The rate before the first change. Finite, at least 0.</param>
    /// <param name="stepSize">The number of updates between two changes, at least 1.</param>
    /// <param name="gamma">The factor. Finite, above 0; if it is above 1, the rate grows. Default 0.1, as in PyTorch.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public StepDecay(double initial, long stepSize, double gamma = 0.1)
    {
        Require.NonNegative(initial);
        Require.AtLeast(stepSize, 1);
        Require.Positive(gamma);
        Initial = initial;
        StepSize = stepSize;
        Gamma = gamma;
    }

    /// <summary>The rate before the first change.</summary>
    public double Initial { get; }

    /// <summary>The number of updates between two changes.</summary>
    public long StepSize { get; }

    /// <summary>The factor of each change.</summary>
    public double Gamma { get; }

    /// <inheritdoc/>
    public double At(long step)
    {
        Require.AtLeast(step, 0);
        return Curve.Geometric(Initial, Gamma, step / StepSize);
    }

    internal static NamedType Named { get; } = new NamedType<StepDecay>(new StepDecayContract());

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(StepDecay), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class StepDecayContract : JsonSerializerContext;
