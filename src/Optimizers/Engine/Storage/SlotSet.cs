using System.Runtime.InteropServices;

namespace Optimizers.Engine;

/// <summary>
/// The slots of one tensor: their memory, apart from what the state knows about them. A slot that lies elsewhere, on a device or as
/// a rank's slice, is another <see cref="Slot"/> in the set.
/// </summary>
internal sealed unsafe class SlotSet
{
    private readonly Slot[] _slots;
    private readonly AlignedArray? _workspace;
    private readonly Slot[]? _view;

    public SlotSet(Slot[] slots, StateFormat asked)
    {
        _slots = slots;
        Format = Array.Exists(slots, slot => slot.Format != StateFormat.Float32) ? asked : StateFormat.Float32;
        SlotAddresses addresses = default;
        for (int i = 0; i < slots.Length; i++)
        {
            addresses[i].Elements = slots[i].Address;

            // New memory is zero already, and a page without a write costs nothing yet.
            if (slots[i].Declared.Initial != 0)
            {
                slots[i].Reset();
            }
        }

        Addresses = addresses;
    }

    /// <summary>Makes the slots of a tensor.</summary>
    /// <param name="shape">Its shape.</param>
    /// <param name="definition">The optimizer.</param>
    /// <param name="format">The format that was asked for.</param>
    /// <param name="pools">The memory, by the number of the slot.</param>
    public SlotSet(TensorShape shape, OptimizerDefinition definition, StateFormat format, SlotPool[] pools)
        : this(Make(SlotsOf(definition, shape), shape, format, pools), format)
    {
        if (definition.Matrices is { } matrices)
        {
            SlotAddresses addresses = Addresses;
            nuint ofElements = matrices.KeepsElements ? (nuint)shape.Length * sizeof(float) : 0;
            nuint workspace = matrices.WorkspaceFor(shape);
            if (ofElements + workspace > 0)
            {
                _workspace = new AlignedArray(ofElements + workspace, 2 + _slots.Length);
                addresses.Between = matrices.KeepsElements ? (float*)_workspace.Address : null;
                addresses.Workspace = _workspace.Address + ofElements;
            }

            _view = matrices.View(shape, _slots, addresses);
            Addresses = addresses;
        }
    }

    public IReadOnlyList<Slot> All => _slots;

    /// <summary>The format that a slot has; float32 where none has another.</summary>
    public StateFormat Format { get; }

    /// <summary>The memory of all slots, in bytes.</summary>
    public long Bytes => _slots.Sum(slot => slot.Bytes);

    /// <summary>Where the slots lie; valid while this object is reachable.</summary>
    public SlotAddresses Addresses { get; private set; }

    /// <summary>The slots as a loop sees them that cannot work on them in place; null where it can.</summary>
    public Slot[]? Quantized => _view is not null
        ? _view
        : Format == StateFormat.Float32 || Array.TrueForAll(_slots, slot => slot.Format == StateFormat.BFloat16) ? null : _slots;

    /// <summary>Makes slots of one number for each element of a tensor.</summary>
    public static Slot[] Make(IReadOnlyList<StateSlot> slots, TensorShape shape, StateFormat format, SlotPool[] pools) =>
        [.. slots.Select((slot, number) => Slot.Make(slot, number, shape.LengthOf(slot.Extent), format, pools[number]))];

    /// <summary>Memory for the slots of tensors of some shapes: a pool for each slot.</summary>
    public static SlotPool[] PoolsFor(OptimizerDefinition definition, IEnumerable<TensorShape> shapes, StateFormat format) =>
        PoolsFor([.. shapes.Select(shape => (SlotsOf(definition, shape), shape))], format);

    /// <summary>The same for tensors that have certain slots.</summary>
    public static SlotPool[] PoolsFor((IReadOnlyList<StateSlot> Slots, TensorShape Shape)[] tensors, StateFormat format) =>
        [.. Enumerable.Range(0, tensors.Select(tensor => tensor.Slots.Count).DefaultIfEmpty().Max()).Select(number => new SlotPool(
            number,
            tensors.Where(tensor => number < tensor.Slots.Count).Select(tensor => Slot.RoomFor(
                tensor.Slots[number], tensor.Shape.LengthOf(tensor.Slots[number].Extent), format))))];

    /// <summary>Whether values lie in a slot. The memory of another format than float32 is never handed out.</summary>
    public bool Overlap(ReadOnlySpan<float> values)
    {
        // State does not move, so what has an address in it lies in it.
        byte* start = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(values));
        byte* end = start + ((nint)values.Length * sizeof(float));
        foreach (Slot slot in _slots)
        {
            if (slot.Format == StateFormat.Float32 && slot.Address != null && start < slot.Address + ((nint)slot.Length * sizeof(float)) && slot.Address < end)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// The largest magnitude in the slots, where that of a slot of squares is the root of its values; NaN if there is one.
    /// </summary>
    /// <param name="isNew">Whether no update has touched the memory; then it is not read, since that would be all the work there is.</param>
    public double LargestMagnitude(bool isNew)
    {
        double largest = 0;
        float* values = stackalloc float[Blocks.Length];
        foreach (Slot slot in _slots)
        {
            double ofSlot = Math.Abs(slot.Declared.Initial);
            if (!isNew && slot.Format == StateFormat.Float32 && slot.Address != null)
            {
                ofSlot = Reductions.MaximumMagnitude((float*)slot.Address, (nuint)slot.Length);
            }
            else if (!isNew)
            {
                for (int start = 0; start < slot.Length; start += Blocks.Length)
                {
                    int count = Math.Min(Blocks.Length, slot.Length - start);
                    slot.Read((nuint)start, (nuint)(start + count), values, Kernel.WidestLane);
                    ofSlot = Math.Max(ofSlot, Reductions.MaximumMagnitude(values, (nuint)count));
                }
            }

            largest = Math.Max(largest, slot.Declared.NonNegative ? Math.Sqrt(ofSlot) : ofSlot);
        }

        return largest;
    }

    private static IReadOnlyList<StateSlot> SlotsOf(OptimizerDefinition definition, in TensorShape shape) =>
        definition.Matrices?.SlotsFor(shape) ?? definition.Slots;
}
