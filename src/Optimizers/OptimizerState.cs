using System.Runtime.InteropServices;

namespace Optimizers;

/// <summary>
/// The state of an optimizer for one parameter: the number of updates, the named slots and the named scalars. A slot has one
/// number per element, in the state format of the optimizer. Only some optimizers have scalars.
/// </summary>
public sealed class OptimizerState
{
    private readonly SlotSet _slots;
    private readonly StateScalar[] _namedScalars;
    private readonly double[] _scalars;
    private UpdateHistory _ownHistory = new(0, double.NaN);
    private SharedHistory? _sharedHistory;
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
        _namedScalars = scalars.Count == 0 ? [] : [.. scalars];
        _scalars = scalars.Count == 0 ? [] : Array.ConvertAll(_namedScalars, scalar => scalar.Initial);
    }

    /// <summary>The number of updates so far, t; the next update is number t + 1.</summary>
    public long Iteration
    {
        get => History.Iteration;
        internal set => Replace(History with { Iteration = value });
    }

    /// <summary>
    /// The product of the β₁ of all updates so far, which bias correction needs if a schedule has set a β₁. Null if every update
    /// has used the β₁ of the options.
    /// </summary>
    public double? MomentumProduct
    {
        get => double.IsNaN(History.MomentumProduct) ? null : History.MomentumProduct;
        internal set => Replace(History with { MomentumProduct = value ?? double.NaN });
    }

    /// <summary>
    /// The number of elements of the parameter and of every slot, except slots with one element per row or column.
    /// </summary>
    public int Length { get; }

    /// <summary>The names of the slots; PyTorch's names where PyTorch has the slot.</summary>
    public IReadOnlyList<string> SlotNames => field ??= Array.AsReadOnly([.. Slots.Select(slot => slot.Declared.Name)]);

    /// <summary>The names of the scalars; most optimizers have none.</summary>
    public IReadOnlyList<string> ScalarNames => field ??= Array.AsReadOnly(Array.ConvertAll(_namedScalars, scalar => scalar.Name));

    /// <summary>
    /// The format of the slots, except those with <see cref="StateSlot.FullPrecision"/>. It is the requested format, or
    /// <see cref="StateFormat.Float32"/> if no slot may use that format or the tensor is too small for it.
    /// </summary>
    public StateFormat Format => _slots.Format;

    /// <summary>The memory that the slots hold, in bytes.</summary>
    public long Bytes => _slots.Bytes;

    /// <summary>A slot in float32. The span is a view: later steps change its contents.</summary>
    /// <param name="name">A name from <see cref="SlotNames"/>.</param>
    /// <exception cref="ArgumentException">There is no slot of this name.</exception>
    /// <exception cref="InvalidOperationException">The state has another format; use <see cref="Read"/> to copy the
    /// slot.</exception>
    public ReadOnlySpan<float> this[string name] => SlotOf(name) is FloatSlot slot
        ? slot.Values
        : throw new InvalidOperationException(
            $"The state is kept as {Format}, so there is no span of floats. Copy it out with {nameof(Read)}.");

    /// <summary>Copies a slot as float32. The copy is exact in every format.</summary>
    /// <param name="name">A name from <see cref="SlotNames"/>.</param>
    /// <param name="destination">The memory for the elements; its length is that of the slot.</param>
    /// <exception cref="ArgumentException">There is no slot of this name, or the destination has another length.</exception>
    public unsafe void Read(string name, Span<float> destination)
    {
        Slot slot = SlotOf(name);
        if (destination.Length != slot.Length)
        {
            throw new ArgumentException(
                $"The destination has {destination.Length} elements, but the slot has {slot.Length}. Pass a span of the length of the slot.", nameof(destination));
        }

        // A slot may decode whole blocks, more elements than it has.
        float* values = stackalloc float[Blocks.Length];
        for (int start = 0; start < slot.Length; start += Blocks.Length)
        {
            int count = Math.Min(slot.Length - start, Blocks.Length);
            slot.Read((nuint)start, (nuint)(start + count), values, Kernel.WidestLane);
            new Span<float>(values, count).CopyTo(destination[start..]);
        }

        GC.KeepAlive(this);
    }

    /// <summary>The current value of a scalar.</summary>
    /// <param name="name">A name from <see cref="ScalarNames"/>.</param>
    /// <exception cref="ArgumentException">There is no scalar of this name.</exception>
    public double Scalar(string name) => _scalars[IndexOfScalar(name)];

    /// <summary>
    /// Checks that the signs in the slots match their declarations; use it to test a rule of your own. Call it after some
    /// updates, in any format. Steps do not call it.
    /// </summary>
    /// <returns>
    /// One sentence for each slot whose values do not match. A slot that is declared <see cref="StateSlot.NonNegative"/> must
    /// have no negative element; only <see cref="StateFormat.Float32"/> and <see cref="StateFormat.BFloat16"/> can show one. A
    /// slot that is not declared so, has no negative element and may have fewer bits is reported as well; this is no fault if
    /// all gradients happen to have one sign. Otherwise every optimizer of this library passes.
    /// </returns>
    public IReadOnlyList<string> CheckSlots() => SlotCheck.Of([("", this)]);

    /// <summary>Resets the state to what it was before the first step.</summary>
    public void Reset()
    {
        Iteration = 0;
        TakeScalars(Array.ConvertAll(_namedScalars, scalar => scalar.Initial));
        MomentumProduct = null;
        ForEachSlot(slot => slot.Reset());
    }

    /// <summary>Copies the whole state into plain data.</summary>
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

    /// <summary>Loads what <see cref="Save"/> returned, bit for bit.</summary>
    /// <param name="snapshot">The saved state of a parameter of this length, from an optimizer of this kind.</param>
    /// <exception cref="ArgumentException">The iteration or the momentum product is negative, the format differs, or a slot or a
    /// scalar is missing, unexpected or of another length. Nothing has changed.</exception>
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

    /// <summary>The scalars, in the order of <see cref="ScalarNames"/>.</summary>
    internal ReadOnlySpan<double> Scalars => _scalars;

    /// <summary>Describes the number of updates, the slots and their memory.</summary>
    public override string ToString() =>
        $"{TextTable.Count(Iteration, "update")}, {TextTable.Count(Bytes, "byte")} of state"
        + (SlotNames.Count == 0 ? string.Empty : $" in {Format} ({string.Join(", ", SlotNames)})");

    /// <summary>The number of updates so far, and the product of their β₁ values.</summary>
    internal UpdateHistory History => _sharedHistory is { } shared ? shared.Value : _ownHistory;

    /// <summary>Changes when something other than a step sets the number of updates or a scalar; every load and reset
    /// does.</summary>
    internal int Revision { get; private set; }

    /// <summary>The slots, in the order of <see cref="SlotNames"/>.</summary>
    internal IReadOnlyList<Slot> Slots => _slots.All;

    /// <summary>The slots for a loop that has to decode them; null if the loop can work on them in place.</summary>
    internal Slot[]? Quantized => _slots.Quantized;

    /// <summary>The addresses of the slots; valid while this object is reachable.</summary>
    internal SlotAddresses Addresses => _slots.Addresses;

    /// <summary>The shape of the parameter.</summary>
    internal TensorShape Shape { get; }

    /// <summary>Makes a counter count every change that something other than a step makes.</summary>
    internal void CountChanges(ChangeCounter changes) => _changes = changes;

    /// <summary>Sets the number of updates and the β₁ product after a step.</summary>
    internal void Advance(in UpdateHistory history) => OwnHistory(history);

    /// <summary>Makes a model count the updates of this state together with those of other states. The histories must be equal.</summary>
    internal void ShareHistory(SharedHistory shared) => _sharedHistory = shared;

    /// <summary>Ends the sharing of the history; the history stays as it is.</summary>
    internal void OwnHistory() => OwnHistory(History);

    /// <summary>Sets the scalars after a step.</summary>
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

    /// <summary>Throws if values overlap the memory of the slots.</summary>
    internal void RequireApart(ReadOnlySpan<float> values, string what, string? argument)
    {
        if (Overlaps(values))
        {
            throw new ArgumentException($"The {what} overlap the optimizer's own state. Pass a copy of them.", argument);
        }
    }

    private static string List(IEnumerable<string> names) => string.Join(", ", names.DefaultIfEmpty("none"));

    private static void CheckNames(
        string argument, string what, IReadOnlyList<string> expected, IEnumerable<string> found)
    {
        if (!expected.ToHashSet().SetEquals(found))
        {
            throw new ArgumentException(
                $"The snapshot is of another optimizer: expected the {what} {List(expected)}, but found {List(found.Order(StringComparer.Ordinal))}. Load a snapshot from an optimizer with the same options.", argument);
        }
    }

    private Slot SlotOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Slots.FirstOrDefault(slot => slot.Declared.Name == name)
            ?? throw UnknownName.Of("slot", name, SlotNames);
    }

    private void Replace(in UpdateHistory history)
    {
        NoteChange();
        OwnHistory(history);
    }

    private void OwnHistory(in UpdateHistory history)
    {
        _ownHistory = history;
        _sharedHistory = null;
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
