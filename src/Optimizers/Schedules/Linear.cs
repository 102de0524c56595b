namespace Optimizers.Schedules;

/// <summary>A line from one rate to another, up or down.</summary>
/// <remarks>
/// <code>
/// v(k) = Start + (End − Start)·clamp(k − Begin, 0, Steps)/Steps
/// </code>
/// <para>The first update, and all until Begin, are at Start; the first at End is k = Begin + Steps. End is held, as
/// in optax's linear_schedule and PyTorch's LinearLR.</para>
/// </remarks>
public sealed record Linear : ILrSchedule, INamed
{
    /// <summary>Makes the schedule.</summary>
    /// <param name="start">The rate of the first update. Finite, at least 0.</param>
    /// <param name="end">The rate in the end, below or above <paramref name="start"/>. Finite, at least 0.</param>
    /// <param name="steps">The number of updates from one to the other, at least 1.</param>
    /// <param name="begin">The index at which the line begins, at least 0; default 0.</param>
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

    /// <summary>The rate in the end.</summary>
    public double End { get; }

    /// <summary>The number of updates from one to the other.</summary>
    public long Steps { get; }

    /// <summary>The index at which the line begins.</summary>
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
