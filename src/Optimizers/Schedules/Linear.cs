namespace Optimizers.Schedules;

/// <summary>A linear change from one rate to another, up or down.</summary>
/// <remarks>
/// <code>
/// v(k) = Start + (End − Start)·clamp(k − Begin, 0, Steps)/Steps
/// </code>
/// <para>Updates up to Begin, including the first, use Start; the first update that uses End is k = Begin + Steps. The rate
/// then stays at End, as in optax's linear_schedule and PyTorch's LinearLR.</para>
/// </remarks>
public sealed record Linear : ILrSchedule, INamed
{
    /// <summary>Creates the schedule.</summary>
    /// <param name="start">The rate of the first update. Finite, at least 0.</param>
    /// <param name="end">The final rate, below or above <paramref name="start"/>. Finite, at least 0.</param>
    /// <param name="steps">The number of updates from the first rate to the final one, at least 1.</param>
    /// <param name="begin">The index at which the change begins, at least 0; default 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public Linear(double start, double end, long steps, long begin = 0)
    {
        Require.NonNegative(start);
        Require.NonNegative(end);
        Require.AtLeast(steps, 1);
        Require.AtLeast(begin, 0);
        Start = start;
        End = end;
        Steps = steps;
        Begin = begin;
    }

    /// <summary>The rate of the first update.</summary>
    public double Start { get; }

    /// <summary>The final rate.</summary>
    public double End { get; }

    /// <summary>The number of updates from the first rate to the final one.</summary>
    public long Steps { get; }

    /// <summary>The index at which the change begins.</summary>
    public long Begin { get; }

    /// <inheritdoc/>
    public double At(long step)
    {
        Require.AtLeast(step, 0);
        return Curve.Line(Start, End, Curve.Progress(step, Begin, Steps));
    }

    internal static NamedType Named { get; } = new NamedType<Linear>(new LinearContract());

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(Linear), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class LinearContract : JsonSerializerContext;
