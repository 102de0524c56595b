using System.Runtime.InteropServices;

namespace Optimizers;

/// <summary>
/// What an optimizer remembers about one parameter: how often it was updated, and its named state slots, each with one
/// number per element in the format that was asked for, and some optimizers' named scalars.
/// </summary>
public sealed class OptimizerState
{
    private readonly SlotSet _slots;
    private readonly StateScalar[] _namedScalars;
    private readonly double[] _scalars;
    private TensorAge _age = new(0, double.NaN);
    private ChangeCounter? _changes;

    internal OptimizerState(TensorShape shape, OptimizerDefinition definition, StateFormat format = StateFormat.Float32)
        : this(shape, definition, format, SlotSet.PoolsFor(definition, [shape], format))
    {
    }

    internal OptimizerState(TensorShape shape, OptimizerDefinition definition, StateFormat format, SlotPool[] pools)
        : this(shape, definition.Scalars, new SlotSet(shape, definition, format, pools))
    {
    }

    internal OptimizerState(TensorShape shape, IReadOnlyList<StateScalar> scalars, SlotSet slots)
    {
        Shape = shape;
        Length = shape.Length;
        _slots = slots;
        _namedScalars = [.. scalars];
        _scalars = Array.ConvertAll(_namedScalars, scalar => scalar.Initial);
        ScalarNames = Array.AsReadOnly(Array.ConvertAll(_namedScalars, scalar => scalar.Name));
        SlotNames = Array.AsReadOnly([.. Slots.Select(slot => slot.Declared.Name)]);
    }

    /// <summary>The number of updates so far, t; the next one is number t + 1.</summary>
    public long Iteration
    {
        get => _age.Iteration;
        internal set => Replace(_age with { Iteration = value });
    }

    /// <summary>
    /// The product of the β₁ of all updates so far, for bias correction, if a schedule has set any of them; null: all were
    /// that of the options.
    /// </summary>
    public double? MomentumProduct
    {
        get => double.IsNaN(_age.MomentumProduct) ? null : _age.MomentumProduct;
        internal set => Replace(_age with { MomentumProduct = value ?? double.NaN });
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
    public StateFormat Format => _slots.Format;

    /// <summary>The memory that the slots hold, in bytes.</summary>
    public long Bytes => _slots.Bytes;

    /// <summary>A slot in float32, as it is now; later steps show in it.</summary>
    /// <param name="name">The name, out of <see cref="SlotNames"/>.</param>
    /// <exception cref="ArgumentException">There is no slot of that name.</exception>
    /// <exception cref="InvalidOperationException">The state is in another format; <see cref="Read"/> copies it.</exception>
    public ReadOnlySpan<float> this[string name] => SlotOf(name) is FloatSlot slot
        ? slot.Values
        : throw new InvalidOperationException(
            $"The state is kept as {Format}, so there is no span of floats. Copy it out with {nameof(Read)}.");

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
        ForEachSlot(slot => slot.Reset());
    }

    /// <summary>Copies everything into plain data.</summary>
    /// <exception cref="OverflowException">A slot holds more than 2 GB in a format other than float32.</exception>
    public OptimizerSnapshot Save()
    {
        bool floats = Format == StateFormat.Float32;
        return new OptimizerSnapshot(
            Iteration, Copies(floats, slot =>
            {
                var values = new float[slot.Length];
                slot.Save(MemoryMarshal.AsBytes(values.AsSpan()));
                return (ReadOnlyMemory<float>)values;
            }))
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
                $"The state is kept as {Format}, but the snapshot is in {snapshot.Format}. Make the optimizer with the format of the snapshot.", nameof(snapshot));
        }

        if (Format == StateFormat.Float32)
        {
            Check(snapshot, snapshot.Slots, slot => slot.Length, "elements");
            ForEachSlot(slot => slot.Load(MemoryMarshal.AsBytes(snapshot.Slots[slot.Declared.Name].Span)));
        }
        else
        {
            Check(snapshot, snapshot.Stored, slot => slot.Bytes, "bytes");
            ForEachSlot(slot => slot.Load(snapshot.Stored[slot.Declared.Name].Span));
        }

        Iteration = snapshot.Iteration;
        TakeScalars(Array.ConvertAll(_namedScalars, scalar => snapshot.Scalars[scalar.Name]));
        MomentumProduct = snapshot.MomentumProduct;
    }

    /// <summary>The scalars, in their order.</summary>
    internal ReadOnlySpan<double> Scalars => _scalars;

    /// <summary>The number of updates, the slots and their memory.</summary>
    public override string ToString() =>
        $"{TextTable.Count(Iteration, "update")}, {TextTable.Count(Bytes, "byte")} of state"
        + (SlotNames.Count == 0 ? string.Empty : $" in {Format} ({string.Join(", ", SlotNames)})");

    /// <summary>The number of updates so far, and the product of their β₁.</summary>
    internal TensorAge Age => _age;

    /// <summary>Changes whenever something but a step sets the number of updates or a scalar, as every load and reset does.</summary>
    internal int Revision { get; private set; }

    /// <summary>The slots in their order.</summary>
    internal IReadOnlyList<Slot> Slots => _slots.All;

    /// <summary>The slots as a loop sees them that cannot work on them in place; otherwise null.</summary>
    internal Slot[]? Quantized => _slots.Quantized;

    /// <summary>Where the slots lie; valid while this object is reachable.</summary>
    internal SlotAddresses Addresses => _slots.Addresses;

    /// <summary>The shape of the parameter.</summary>
    internal TensorShape Shape { get; }

    /// <summary>Has a counter count the changes that something but a step makes.</summary>
    internal void CountChanges(ChangeCounter changes) => _changes = changes;

    /// <summary>Takes over the age that a step brings.</summary>
    internal void Advance(in TensorAge age) => _age = age;

    /// <summary>Takes over what the scalars are after a step.</summary>
    internal void TakeScalars(ReadOnlySpan<double> scalars) => scalars.CopyTo(_scalars);

    /// <summary>Changes a scalar between steps.</summary>
    internal void SetScalar(string name, double value)
    {
        NoteChange();
        _scalars[IndexOfScalar(name)] = value;
    }

    /// <summary>The largest magnitude in the slots: see <see cref="SlotSet.LargestMagnitude"/>.</summary>
    internal double LargestMagnitude()
    {
        double largest = _slots.LargestMagnitude(isNew: Iteration == 0 && Revision == 0);
        GC.KeepAlive(this);
        return largest;
    }

    internal bool Overlaps(ReadOnlySpan<float> values) => _slots.Overlap(values);

    private static string List(IEnumerable<string> names) => string.Join(", ", names.DefaultIfEmpty("none"));

    private static void CheckNames(
        string argument, string what, IReadOnlyList<string> expected, IEnumerable<string> found)
    {
        if (!expected.ToHashSet().SetEquals(found))
        {
            throw new ArgumentException(
                $"The snapshot is of another optimizer: expected the {what} {List(expected)}, but found {List(found.Order(StringComparer.Ordinal))}.", argument);
        }
    }

    private Slot SlotOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Slots.FirstOrDefault(slot => slot.Declared.Name == name)
            ?? throw UnknownName.Of("slot", name, SlotNames);
    }

    private void Replace(in TensorAge age)
    {
        NoteChange();
        _age = age;
    }

    private void NoteChange()
    {
        Revision++;
        _changes?.Add();
    }

    private void ForEachSlot(Action<Slot> action)
    {
        foreach (Slot slot in Slots)
        {
            action(slot);
        }
    }

    private int IndexOfScalar(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        int index = Array.FindIndex(_namedScalars, scalar => scalar.Name == name);
        return index >= 0
            ? index
            : throw UnknownName.Of("scalar", name, ScalarNames);
    }

    private Dictionary<string, T> Copies<T>(bool wanted, Func<Slot, T> copy) =>
        wanted ? Slots.ToDictionary(slot => slot.Declared.Name, copy) : [];

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
                    $"Slot \"{name}\" has {values.Length} {unit}, but it needs {length}: the snapshot is of a parameter of another length.", nameof(snapshot));
            }
        }
    }
}
