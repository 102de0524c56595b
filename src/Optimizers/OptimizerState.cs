using System.Runtime.InteropServices;

namespace Optimizers;

/// <summary>
/// What an optimizer remembers about one parameter: how often it was updated, and its named state slots, each with one
/// number per element in the format that was asked for, and some optimizers' named scalars.
/// </summary>
public sealed class OptimizerState
{
    private readonly Slot[] _slots;
    private readonly StateScalar[] _namedScalars;
    private readonly double[] _scalars;
    private readonly AlignedArray? _workspace;
    private readonly Slot[]? _view;
    private long _iteration;
    private StepClock? _clock;

    internal OptimizerState(TensorShape shape, IUpdate update, StateFormat format = StateFormat.Float32)
        : this(shape, update, format, PoolsFor(update, [shape], format))
    {
    }

    internal unsafe OptimizerState(TensorShape shape, IUpdate update, StateFormat format, SlotPool[] pools)
        : this(shape, SlotsOf(update, shape), update.Scalars, format, pools)
    {
        if (update.Matrices is { } matrices)
        {
            SlotAddresses addresses = Addresses;
            if (matrices.WorkspaceFor(shape) is > 0 and nuint workspace)
            {
                _workspace = new AlignedArray(workspace, 2 + _slots.Length);
                addresses.Workspace = _workspace.Address;
            }

            _view = matrices.View(shape, addresses);
            Addresses = addresses;
        }
    }

    internal unsafe OptimizerState(
        TensorShape shape,
        IReadOnlyList<StateSlot> slots,
        IReadOnlyList<StateScalar> scalars,
        StateFormat format,
        SlotPool[] pools)
    {
        Shape = shape;
        _namedScalars = [.. scalars];
        _scalars = Array.ConvertAll(_namedScalars, scalar => scalar.Initial);
        ScalarNames = Array.AsReadOnly(Array.ConvertAll(_namedScalars, scalar => scalar.Name));
        Length = shape.Length;
        _slots = [.. slots.Select((slot, number) => Slot.Make(slot, number, shape.LengthOf(slot.Extent), format, pools[number]))];
        Format = Array.Exists(_slots, slot => slot.Format != StateFormat.Float32) ? format : StateFormat.Float32;
        SlotNames = Array.AsReadOnly(Array.ConvertAll(_slots, slot => slot.Declared.Name));
        var addresses = default(SlotAddresses);
        for (int i = 0; i < _slots.Length; i++)
        {
            addresses[i].Elements = _slots[i].Address;

            // New memory is zero already, and a page that nobody has written to costs nothing yet.
            if (_slots[i].Declared.Initial != 0)
            {
                _slots[i].Reset();
            }
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
        get => double.IsNaN(Momenta) ? null : Momenta;
        internal set => Momenta = value ?? double.NaN;
    }

    /// <summary>
    /// The number of elements of the parameter and of every slot but those that have one for each row or column.
    /// </summary>
    public int Length { get; }

    /// <summary>The names of the slots, as PyTorch has them where PyTorch has them.</summary>
    public IReadOnlyList<string> SlotNames { get; }

    /// <summary>The names of the scalars; most optimizers have none.</summary>
    public IReadOnlyList<string> ScalarNames { get; }

    /// <summary>
    /// The format of the slots but for those of <see cref="StateSlot.FullPrecision"/>: that which was asked for, but
    /// <see cref="StateFormat.Float32"/> where no slot has it, because there is none that may or the tensor is too small.
    /// </summary>
    public StateFormat Format { get; }

    /// <summary>The memory that the slots hold, in bytes.</summary>
    public long Bytes => _slots.Sum(slot => slot.Bytes);

    /// <summary>A slot in float32, as it is now; later steps show in it.</summary>
    /// <param name="name">The name, out of <see cref="SlotNames"/>.</param>
    /// <exception cref="ArgumentException">There is no slot of that name.</exception>
    /// <exception cref="InvalidOperationException">The state is in another format; <see cref="Read"/> copies it.</exception>
    public ReadOnlySpan<float> this[string name] => SlotOf(name) is FloatSlot slot
        ? slot.Values
        : throw new InvalidOperationException(
            $"The state is kept as {Format}, so there are no floats to look at; {nameof(Read)} copies it out as floats.");

    /// <summary>Copies a slot as it is now, whatever its format; every number of every format is a float exactly.</summary>
    /// <param name="name">The name, out of <see cref="SlotNames"/>.</param>
    /// <param name="destination">Takes the elements, as many as there are.</param>
    /// <exception cref="ArgumentException">There is no slot of that name, or the destination has another length.</exception>
    public unsafe void Read(string name, Span<float> destination)
    {
        Slot slot = SlotOf(name);
        if (destination.Length != slot.Length)
        {
            throw new ArgumentException(
                $"The destination has {destination.Length} elements, but the slot has {slot.Length}.", nameof(destination));
        }

        // A slot may read more than it has.
        float* values = stackalloc float[Blocks.Length];
        for (int start = 0; start < slot.Length; start += Blocks.Length)
        {
            int count = Math.Min(slot.Length - start, Blocks.Length);
            slot.Read((nuint)start, (nuint)(start + count), values, Kernel.WidestLane);
            new Span<float>(values, count).CopyTo(destination[start..]);
        }

        GC.KeepAlive(this);
    }

    /// <summary>A scalar, as it is now.</summary>
    /// <param name="name">The name, out of <see cref="ScalarNames"/>.</param>
    /// <exception cref="ArgumentException">There is no scalar of that name.</exception>
    public double Scalar(string name) => _scalars[IndexOfScalar(name)];

    /// <summary>
    /// Compares the signs in the slots, as they are now, with what the slots were declared to be: a check of a rule of your own.
    /// Call it after some updates, in any format; steps do nothing for it.
    /// </summary>
    /// <returns>
    /// A sentence for each slot that is declared <see cref="StateSlot.NonNegative"/> and has a negative element, which only
    /// <see cref="StateFormat.Float32"/> and <see cref="StateFormat.BFloat16"/> can show, and for each that is not declared so, has
    /// no negative element and may have fewer bits. The second is no fault where all gradients happen to have one sign. All
    /// optimizers of this library pass where they do not.
    /// </returns>
    public IReadOnlyList<string> CheckSlots() => SlotCheck.Of([("", this)]);

    /// <summary>Forgets everything: as before the first step.</summary>
    public void Reset()
    {
        Iteration = 0;
        TakeScalars(Array.ConvertAll(_namedScalars, scalar => scalar.Initial));
        MomentumProduct = null;
        Array.ForEach(_slots, slot => slot.Reset());
    }

    /// <summary>Copies everything into plain data.</summary>
    /// <exception cref="OverflowException">A slot holds more than 2 GB in a format other than float32.</exception>
    public OptimizerSnapshot Save()
    {
        bool floats = Format == StateFormat.Float32;
        return new OptimizerSnapshot(
            Iteration, Copies(floats, slot => (ReadOnlyMemory<float>)slot.Stored<float>().ToArray()))
        {
            Format = Format,
            Stored = Copies(!floats, slot =>
            {
                var memory = new byte[slot.Bytes];
                slot.Save(memory);
                return (ReadOnlyMemory<byte>)memory;
            }),
            Scalars = ScalarNames.Zip(_scalars).ToDictionary(pair => pair.First, pair => pair.Second),
            MomentumProduct = MomentumProduct,
        };
    }

    /// <summary>Takes over what <see cref="Save"/> gave, bit for bit.</summary>
    /// <param name="snapshot">The saved state of a parameter of this length, from an optimizer of this kind.</param>
    /// <exception cref="ArgumentException">The iteration or the product is negative, the format is another, or a slot or a
    /// scalar is missing, unexpected or of another length. Nothing has changed then.</exception>
    public void Load(OptimizerSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentNullException.ThrowIfNull(snapshot.Slots);
        ArgumentNullException.ThrowIfNull(snapshot.Stored);
        ArgumentNullException.ThrowIfNull(snapshot.Scalars);
        Require.AtLeast(snapshot.Iteration, 0);
        Require.Between(
            snapshot.MomentumProduct ?? 1, 0, double.PositiveInfinity, nameof(snapshot.MomentumProduct));
        CheckNames(nameof(snapshot), "scalars", ScalarNames, snapshot.Scalars.Keys);
        if (snapshot.Format != Format)
        {
            throw new ArgumentException(
                $"The state is kept as {Format}, but the snapshot has it as {snapshot.Format}.", nameof(snapshot));
        }

        if (Format == StateFormat.Float32)
        {
            Check(snapshot, snapshot.Slots, slot => slot.Length, "elements");
            Array.ForEach(_slots, slot => snapshot.Slots[slot.Declared.Name].Span.CopyTo(slot.Stored<float>()));
        }
        else
        {
            Check(snapshot, snapshot.Stored, slot => slot.Bytes, "bytes");
            Array.ForEach(_slots, slot => slot.Load(snapshot.Stored[slot.Declared.Name].Span));
        }

        Iteration = snapshot.Iteration;
        TakeScalars(Array.ConvertAll(_namedScalars, scalar => snapshot.Scalars[scalar.Name]));
        MomentumProduct = snapshot.MomentumProduct;
    }

    /// <summary>The scalars, in their order.</summary>
    internal ReadOnlySpan<double> Scalars => _scalars;

    /// <summary><see cref="MomentumProduct"/>, but NaN where that is null.</summary>
    internal double Momenta { get; set; } = double.NaN;

    /// <summary>What a rule needs to know of the updates so far.</summary>
    internal TensorAge Age
    {
        get => new(Iteration, Momenta);
        set => (Iteration, Momenta) = (value.Iteration, value.MomentumProduct);
    }

    /// <summary>The slots in their order, for those who keep what stands in their memory.</summary>
    internal IReadOnlyList<Slot> Slots => _slots;

    /// <summary>The slots, if a loop cannot work on them in place; otherwise null.</summary>
    internal Slot[]? Coded => _view is not null
        ? _view
        : Format == StateFormat.Float32 || Array.TrueForAll(_slots, slot => slot.Format == StateFormat.BFloat16) ? null : _slots;

    /// <summary>Where the slots lie; valid while this object is reachable.</summary>
    internal SlotAddresses Addresses { get; }

    /// <summary>The shape of the parameter.</summary>
    internal TensorShape Shape { get; }

    /// <summary>Memory for the state of tensors of some shapes: a pool for each slot.</summary>
    internal static SlotPool[] PoolsFor(IUpdate update, IEnumerable<TensorShape> shapes, StateFormat format) =>
        PoolsFor([.. shapes.Select(shape => (SlotsOf(update, shape), shape))], format);

    /// <summary>The same for tensors that have certain slots.</summary>
    internal static SlotPool[] PoolsFor(
        (IReadOnlyList<StateSlot> Slots, TensorShape Shape)[] tensors, StateFormat format) =>
        [.. Enumerable.Range(0, tensors.Select(tensor => tensor.Slots.Count).DefaultIfEmpty().Max()).Select(number => new SlotPool(
            number,
            tensors.Where(tensor => number < tensor.Slots.Count).Select(tensor => Slot.RoomFor(
                tensor.Slots[number], tensor.Shape.LengthOf(tensor.Slots[number].Extent), format))))];

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

    // Nobody outside can have got hold of the memory of another format.
    internal unsafe bool Overlaps(ReadOnlySpan<float> values)
    {
        // State does not move, so what has an address in it lies in it.
        byte* start = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(values));
        byte* end = start + ((nint)values.Length * sizeof(float));
        foreach (Slot slot in _slots)
        {
            if (slot.Format == StateFormat.Float32 && start < slot.Address + ((nint)slot.Length * sizeof(float)) && slot.Address < end)
            {
                return true;
            }
        }

        return false;
    }

    private static IReadOnlyList<StateSlot> SlotsOf(IUpdate update, in TensorShape shape) =>
        update.Matrices?.SlotsFor(shape) ?? update.Slots;

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

    private Slot SlotOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Array.Find(_slots, slot => slot.Declared.Name == name)
            ?? throw new ArgumentException($"There is no slot \"{name}\"; there is: {List(SlotNames)}.", nameof(name));
    }

    private int IndexOfScalar(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        int index = Array.FindIndex(_namedScalars, scalar => scalar.Name == name);
        return index >= 0
            ? index
            : throw new ArgumentException($"There is no scalar \"{name}\"; there is: {List(ScalarNames)}.", nameof(name));
    }

    private Dictionary<string, T> Copies<T>(bool wanted, Func<Slot, T> copy) =>
        wanted ? _slots.ToDictionary(slot => slot.Declared.Name, copy) : [];

    private void Check<T>(
        OptimizerSnapshot snapshot,
        IReadOnlyDictionary<string, ReadOnlyMemory<T>> given,
        Func<Slot, long> lengthOf,
        string unit)
    {
        CheckNames(nameof(snapshot), "slots", SlotNames, given.Keys);
        foreach ((string name, ReadOnlyMemory<T> values) in given)
        {
            long length = lengthOf(SlotOf(name));
            if (values.Length != length)
            {
                throw new ArgumentException(
                    $"Slot \"{name}\" has {values.Length} {unit}, but it needs {length}.", nameof(snapshot));
            }
        }
    }
}

/// <summary>The state of an optimizer for one parameter as plain data.</summary>
/// <param name="Iteration">The number of updates so far.</param>
/// <param name="Slots">The elements of every slot in float32, by its name; none if the state is in another format.</param>
public sealed record OptimizerSnapshot(long Iteration, IReadOnlyDictionary<string, ReadOnlyMemory<float>> Slots)
{
    /// <summary>The format of the state.</summary>
    public StateFormat Format { get; init; }

    /// <summary>
    /// The memory of every slot by its name, if the state is not all in float32: numbers of two bytes, or the bytes of all
    /// elements, and after them the scale of each block of 256 as a float; floats where the slot is kept so all the same.
    /// </summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Stored { get; init; } =
        new Dictionary<string, ReadOnlyMemory<byte>>();

    /// <summary>The scalars by their names; none for most optimizers.</summary>
    public IReadOnlyDictionary<string, double> Scalars { get; init; } =
        System.Collections.ObjectModel.ReadOnlyDictionary<string, double>.Empty;

    /// <summary>See <see cref="OptimizerState.MomentumProduct"/>. At least 0; default null.</summary>
    public double? MomentumProduct { get; init; }
}
