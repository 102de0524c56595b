namespace Optimizers;

/// <summary>
/// What an optimizer remembers about one parameter: how often it was updated, and its named state slots, each with one
/// float per element.
/// </summary>
public sealed class OptimizerState
{
    private readonly StateSlot[] _slots;
    private readonly SlotBuffer[] _buffers;
    private long _iteration;
    private StepClock? _clock;

    internal OptimizerState(int length, IReadOnlyList<StateSlot> slots)
        : this(length, slots, PoolsFor(slots, [length]))
    {
    }

    internal unsafe OptimizerState(int length, IReadOnlyList<StateSlot> slots, SlotPool[] pools)
    {
        Length = length;
        _slots = [.. slots];
        SlotNames = Array.AsReadOnly(Array.ConvertAll(_slots, slot => slot.Name));
        _buffers = Array.ConvertAll(pools, pool => pool.Take(length));
        for (int i = 0; i < _slots.Length; i++)
        {
            // New memory is zero already, and a page that nobody has written to costs nothing yet.
            if (_slots[i].Initial != 0)
            {
                _buffers[i].Span.Fill(_slots[i].Initial);
            }
        }

        var addresses = default(SlotAddresses);
        for (int i = 0; i < _buffers.Length; i++)
        {
            addresses[i] = _buffers[i].Address;
        }

        Addresses = addresses;
    }

    /// <summary>The number of updates so far, t; the next one is number t + 1.</summary>
    public long Iteration
    {
        get => _iteration + (_clock?.Steps ?? 0);

        internal set
        {
            _clock?.Disturb();
            _clock = null;
            _iteration = value;
        }
    }

    /// <summary>The number of elements of the parameter and of every slot.</summary>
    public int Length { get; }

    /// <summary>The names of the slots, as PyTorch has them where PyTorch has them.</summary>
    public IReadOnlyList<string> SlotNames { get; }

    /// <summary>The memory that the slots hold, in bytes.</summary>
    public long Bytes => (long)Length * sizeof(float) * _slots.Length;

    /// <summary>A slot, as it is now; later steps show in it.</summary>
    /// <param name="name">The name, out of <see cref="SlotNames"/>.</param>
    /// <exception cref="ArgumentException">There is no slot of that name.</exception>
    public ReadOnlySpan<float> this[string name]
    {
        get
        {
            ArgumentNullException.ThrowIfNull(name);
            return Slot(name);
        }
    }

    /// <summary>Forgets everything: as before the first step.</summary>
    public void Reset()
    {
        Iteration = 0;
        for (int i = 0; i < _slots.Length; i++)
        {
            _buffers[i].Span.Fill(_slots[i].Initial);
        }
    }

    /// <summary>Copies everything into plain data.</summary>
    public OptimizerSnapshot Save() =>
        new(Iteration, _slots.Zip(_buffers).ToDictionary(
            pair => pair.First.Name, pair => (ReadOnlyMemory<float>)pair.Second.Span.ToArray()));

    /// <summary>Takes over what <see cref="Save"/> gave, bit for bit.</summary>
    /// <param name="snapshot">The saved state of a parameter of this length, from an optimizer of this kind.</param>
    /// <exception cref="ArgumentException">The iteration is negative, or a slot is missing, unexpected or of another
    /// length. Nothing has changed then.</exception>
    public void Load(OptimizerSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentNullException.ThrowIfNull(snapshot.Slots);
        Require.AtLeast(snapshot.Iteration, 0);
        var given = string.Join(", ", snapshot.Slots.Keys.Order(StringComparer.Ordinal));
        if (snapshot.Slots.Count != _slots.Length || !Array.TrueForAll(_slots, slot => snapshot.Slots.ContainsKey(slot.Name)))
        {
            throw new ArgumentException($"Expected the slots {SlotList()}, but found {given}.", nameof(snapshot));
        }

        foreach ((string name, ReadOnlyMemory<float> values) in snapshot.Slots)
        {
            if (values.Span.Length != Length)
            {
                throw new ArgumentException(
                    $"Slot \"{name}\" has {values.Length} elements, but the parameter has {Length}.", nameof(snapshot));
            }
        }

        Iteration = snapshot.Iteration;
        for (int i = 0; i < _slots.Length; i++)
        {
            snapshot.Slots[_slots[i].Name].Span.CopyTo(_buffers[i].Span);
        }
    }

    /// <summary>Where the slots lie; valid while this object is reachable.</summary>
    internal SlotAddresses Addresses { get; }

    /// <summary>Memory for the state of tensors of some lengths: a pool for each slot.</summary>
    internal static SlotPool[] PoolsFor(IReadOnlyList<StateSlot> slots, IEnumerable<int> lengths) =>
        [.. slots.Select((_, slot) => new SlotPool(slot, lengths))];

    /// <summary>A slot, to be written to.</summary>
    internal Span<float> Slot(string name)
    {
        int index = Array.FindIndex(_slots, slot => slot.Name == name);
        return index >= 0
            ? _buffers[index].Span
            : throw new ArgumentException($"There is no slot \"{name}\"; there is: {SlotList()}.", nameof(name));
    }

    /// <summary>Counts on with a clock that stands at 0, or by hand where that is null.</summary>
    internal void Follow(StepClock? clock)
    {
        _iteration = Iteration;
        _clock = clock;
    }

    internal bool Overlaps(ReadOnlySpan<float> values)
    {
        foreach (SlotBuffer buffer in _buffers)
        {
            if (values.Overlaps(buffer.Span))
            {
                return true;
            }
        }

        return false;
    }

    private string SlotList() => SlotNames.Count == 0 ? "none" : string.Join(", ", SlotNames);
}

/// <summary>The state of an optimizer for one parameter as plain data.</summary>
/// <param name="Iteration">The number of updates so far.</param>
/// <param name="Slots">The elements of every slot, by its name.</param>
public sealed record OptimizerSnapshot(long Iteration, IReadOnlyDictionary<string, ReadOnlyMemory<float>> Slots);
