namespace Optimizers.Schedules;

/// <summary>Uses several schedules one after another, each from its index 0; optax's join_schedules.</summary>
/// <remarks>
/// <code>
/// n: the number of milestones that are at most k
/// v(k) = Schedules[n].At(k − Milestones[n − 1])             n = 0: At(k)
/// </code>
/// <para>The index of a peak counts from the start of the schedule that has the peak. After the last milestone the last
/// schedule applies. Two equal milestones skip a schedule, and a milestone at 0 skips the first schedule.</para>
/// </remarks>
public sealed record Sequence : ILrSchedule, IComposedSchedule, INamed
{
    private readonly ValueList<ILrSchedule> _schedules;
    private readonly ValueList<long> _milestones;

    /// <summary>Creates the schedule.</summary>
    /// <param name="schedules">The schedules, at least one.</param>
    /// <param name="milestones">The index at which each schedule except the first begins, at least 0, in ascending
    /// order.</param>
    /// <exception cref="ArgumentException">The number of schedules is not the number of milestones plus one, or a schedule is
    /// null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public Sequence(IReadOnlyList<ILrSchedule> schedules, IReadOnlyList<long> milestones)
    {
        ArgumentNullException.ThrowIfNull(schedules);
        _schedules = new ValueList<ILrSchedule>(schedules);
        foreach (ILrSchedule schedule in _schedules)
        {
            ArgumentNullException.ThrowIfNull(schedule, nameof(schedules));
        }

        _milestones = Curve.Indices(milestones, anyOrder: false, nameof(milestones));
        if (_schedules.Count != _milestones.Count + 1)
        {
            throw new ArgumentException(
                $"{nameof(schedules)} must have one element more than {nameof(milestones)}, but they have {_schedules.Count} and {_milestones.Count}.",
                nameof(schedules));
        }
    }

    /// <summary>The schedules.</summary>
    public IReadOnlyList<ILrSchedule> Schedules => _schedules;

    /// <summary>The index at which each schedule except the first begins.</summary>
    public IReadOnlyList<long> Milestones => _milestones;

    IEnumerable<ILrSchedule> IComposedSchedule.Parts => _schedules;

    /// <inheritdoc/>
    public double At(long step)
    {
        Require.AtLeast(step, 0);
        int child = Curve.CountUpTo(_milestones, step);
        return _schedules[child].At(child == 0 ? step : step - _milestones[child - 1]);
    }

    internal static NamedType Named { get; } = new NamedType<Sequence>(new SequenceContract());

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(Sequence), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class SequenceContract : JsonSerializerContext;
