namespace Optimizers;

/// <summary>
/// What an optimizer remembers about one parameter: how often it was updated, its named state slots, each with one
/// float per element, and some optimizers' named scalars.
/// </summary>
public sealed class OptimizerState
{
    private readonly StateSlot[] _slots;
    private readonly SlotBuffer[] _buffers;
    private readonly StateScalar[] _namedScalars;
    private readonly double[] _scalars;
    private double _momentumProduct = double.NaN;
    private long _iteration;
    private StepClock? _clock;

    internal OptimizerState(int length, IUpdate update)
        : this(length, update, PoolsFor(update.Slots, [length]))
    {
    }

    internal OptimizerState(int length, IUpdate update, SlotPool[] pools)
        : this(length, update.Slots, update.Scalars, pools)
    {
    }

    internal unsafe OptimizerState(
        int length, IReadOnlyList<StateSlot> slots, IReadOnlyList<StateScalar> scalars, SlotPool[] pools)
    {
        Length = length;
        _namedScalars = [.. scalars];
        _scalars = Array.ConvertAll(_namedScalars, scalar => scalar.Initial);
        ScalarNames = Array.AsReadOnly(Array.ConvertAll(_namedScalars, scalar => scalar.Name));
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

    /// <summary>
    /// The product of the β₁ of all updates so far, for bias correction, if a schedule has set any of them; null: all were
    /// that of the options.
    /// </summary>
    public double? MomentumProduct
    {
        get => double.IsNaN(_momentumProduct) ? null : _momentumProduct;

        internal set => _momentumProduct = value ?? double.NaN;
    }

    /// <summary>The number of elements of the parameter and of every slot.</summary>
    public int Length { get; }

    /// <summary>The names of the slots, as PyTorch has them where PyTorch has them.</summary>
    public IReadOnlyList<string> SlotNames { get; }

    /// <summary>The names of the scalars; most optimizers have none.</summary>
    public IReadOnlyList<string> ScalarNames { get; }

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

    /// <summary>A scalar, as it is now.</summary>
    /// <param name="name">The name, out of <see cref="ScalarNames"/>.</param>
    /// <exception cref="ArgumentException">There is no scalar of that name.</exception>
    public double Scalar(string name) => _scalars[IndexOfScalar(name)];

    /// <summary>Forgets everything: as before the first step.</summary>
    public void Reset()
    {
        Iteration = 0;
        TakeScalars(Array.ConvertAll(_namedScalars, scalar => scalar.Initial));
        MomentumProduct = null;
        for (int i = 0; i < _slots.Length; i++)
        {
            _buffers[i].Span.Fill(_slots[i].Initial);
        }
    }

    /// <summary>Copies everything into plain data.</summary>
    public OptimizerSnapshot Save() =>
        new(Iteration, _slots.Zip(_buffers).ToDictionary(
            pair => pair.First.Name, pair => (ReadOnlyMemory<float>)pair.Second.Span.ToArray()))
        {
            Scalars = ScalarNames.Zip(_scalars).ToDictionary(pair => pair.First, pair => pair.Second),
            MomentumProduct = MomentumProduct,
        };

    /// <summary>Takes over what <see cref="Save"/> gave, bit for bit.</summary>
    /// <param name="snapshot">The saved state of a parameter of this length, from an optimizer of this kind.</param>
    /// <exception cref="ArgumentException">The iteration or the product is negative, or a slot or a scalar is missing,
    /// unexpected or of another length. Nothing has changed then.</exception>
    public void Load(OptimizerSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentNullException.ThrowIfNull(snapshot.Slots);
        ArgumentNullException.ThrowIfNull(snapshot.Scalars);
        Require.AtLeast(snapshot.Iteration, 0);
        CheckNames(nameof(snapshot), "slots", SlotNames, snapshot.Slots.Keys);
        CheckNames(nameof(snapshot), "scalars", ScalarNames, snapshot.Scalars.Keys);
        Require.Between(
            snapshot.MomentumProduct ?? 1, 0, double.PositiveInfinity, nameof(snapshot.MomentumProduct));
        foreach ((string name, ReadOnlyMemory<float> values) in snapshot.Slots)
        {
            if (values.Span.Length != Length)
            {
                throw new ArgumentException(
                    $"Slot \"{name}\" has {values.Length} elements, but the parameter has {Length}.", nameof(snapshot));
            }
        }

        Iteration = snapshot.Iteration;
        TakeScalars(Array.ConvertAll(_namedScalars, scalar => snapshot.Scalars[scalar.Name]));
        MomentumProduct = snapshot.MomentumProduct;
        for (int i = 0; i < _slots.Length; i++)
        {
            snapshot.Slots[_slots[i].Name].Span.CopyTo(_buffers[i].Span);
        }
    }

    /// <summary>The scalars, in their order.</summary>
    internal ReadOnlySpan<double> Scalars => _scalars;

    /// <summary>What a rule needs to know of the updates so far.</summary>
    internal TensorAge Age => new(Iteration, MomentumProduct);

    /// <summary>A scalar, to be read from and written to.</summary>
    internal Span<double> MemoryOfScalar(string name) => _scalars.AsSpan(IndexOfScalar(name), 1);

    /// <summary>The product of the β₁, to be read from and written to; NaN where there is none.</summary>
    internal Span<double> MemoryOfMomentumProduct() => new(ref _momentumProduct);

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
            : throw new ArgumentException($"There is no slot \"{name}\"; there is: {List(SlotNames)}.", nameof(name));
    }

    /// <summary>Counts on with a clock that stands at 0, or by hand where that is null.</summary>
    internal void Follow(StepClock? clock)
    {
        _iteration = Iteration;
        _clock = clock;
    }

    /// <summary>Takes over what the scalars are after a step.</summary>
    internal void TakeScalars(ReadOnlySpan<double> scalars) => scalars.CopyTo(_scalars);

    /// <summary>Changes a scalar between steps.</summary>
    internal void SetScalar(string name, double value)
    {
        _clock?.Disturb();
        _scalars[IndexOfScalar(name)] = value;
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

    private static string List(IEnumerable<string> names) => string.Join(", ", names.DefaultIfEmpty("none"));

    private static void CheckNames(
        string argument, string what, IReadOnlyList<string> expected, IEnumerable<string> found)
    {
        if (!expected.ToHashSet().SetEquals(found))
        {
            throw new ArgumentException(
                $"Expected the {what} {List(expected)}, but found {List(found.Order(StringComparer.Ordinal))}.", argument);
        }
    }

    private int IndexOfScalar(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        int index = Array.FindIndex(_namedScalars, scalar => scalar.Name == name);
        return index >= 0
            ? index
            : throw new ArgumentException($"There is no scalar \"{name}\"; there is: {List(ScalarNames)}.", nameof(name));
    }
}

/// <summary>The state of an optimizer for one parameter as plain data.</summary>
/// <param name="Iteration">The number of updates so far.</param>
/// <param name="Slots">The elements of every slot, by its name.</param>
public sealed record OptimizerSnapshot(long Iteration, IReadOnlyDictionary<string, ReadOnlyMemory<float>> Slots)
{
    /// <summary>The scalars by their names; none for most optimizers.</summary>
    public IReadOnlyDictionary<string, double> Scalars { get; init; } =
        System.Collections.ObjectModel.ReadOnlyDictionary<string, double>.Empty;

    /// <summary>See <see cref="OptimizerState.MomentumProduct"/>. At least 0; default null.</summary>
    public double? MomentumProduct { get; init; }
}
