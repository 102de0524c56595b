using System.Runtime.InteropServices;

namespace Optimizers.Engine;

/// <summary>
/// The memory of the slots of one tensor. <see cref="OptimizerState"/> does not depend on where it is: a slot on a device, or one rank's
/// slice of a slot, is a different kind of <see cref="Slot"/> in the set.
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

            // New memory is zero already, and a page that is never written costs nothing yet.
            if (slots[i].Declared.Initial != 0)
            {
                slots[i].Reset();
            }
        }

        Addresses = addresses;
    }

    /// <summary>Allocates the slots of a tensor.</summary>
    /// <param name="shape">The shape of the tensor.</param>
    /// <param name="definition">The definition of the optimizer.</param>
    /// <param name="format">The requested format.</param>
    /// <param name="pools">The memory, by the number of the slot.</param>
    public SlotSet(TensorShape shape, OptimizerDefinition definition, StateFormat format, SlotPool[] pools)
        : this(Make(SlotsOf(definition, shape), shape, format, pools), format)
    {
        if (definition.Matrices is { } matrices)
        {
            SlotAddresses addresses = Addresses;
            nuint ofElements = ElementsKeptFor(matrices, shape);
            nuint workspace = WorkspaceFor(matrices, shape);
            if (workspace > 0)
            {
                _workspace = new AlignedArray(workspace, 2 + _slots.Length);
                addresses.Between = matrices.KeepsElements ? (float*)_workspace.Address : null;
                addresses.Workspace = _workspace.Address + ofElements;
            }

            _view = matrices.View(shape, _slots, addresses);
            Addresses = addresses;
        }
    }

    public IReadOnlyList<Slot> All => _slots;

    /// <summary>The format of the slots that do not use float32; float32 if there are none.</summary>
    public StateFormat Format { get; }

    /// <summary>The memory of all slots, in bytes.</summary>
    public long Bytes => _slots.Sum(slot => slot.Bytes);

    /// <summary>The addresses of the slots, valid while this object is reachable.</summary>
    public SlotAddresses Addresses { get; private set; }

    /// <summary>The slots, for a loop that cannot use their format in place; null if it can.</summary>
    public Slot[]? Quantized => _view is not null
        ? _view
        : Format == StateFormat.Float32 || Array.TrueForAll(_slots, slot => slot.Format == StateFormat.BFloat16) ? null : _slots;

    /// <summary>Allocates slots with one number for each element of a tensor.</summary>
    public static Slot[] Make(IReadOnlyList<StateSlot> slots, TensorShape shape, StateFormat format, SlotPool[] pools)
    {
        var made = new Slot[slots.Count];
        for (int number = 0; number < made.Length; number++)
        {
            made[number] = Slot.Make(slots[number], number, shape.LengthOf(slots[number].Extent), format, pools[number]);
        }

        return made;
    }

    /// <summary>Memory for the slots of tensors with given shapes: one pool for each slot.</summary>
    public static SlotPool[] PoolsFor(OptimizerDefinition definition, IEnumerable<TensorShape> shapes, StateFormat format) =>
        PoolsFor([.. shapes.Select(shape => (SlotsOf(definition, shape), shape))], format);

    /// <summary>The same for tensors with given slots.</summary>
    public static SlotPool[] PoolsFor((IReadOnlyList<StateSlot> Slots, TensorShape Shape)[] tensors, StateFormat format) =>
        [.. Enumerable.Range(0, tensors.Select(tensor => tensor.Slots.Count).DefaultIfEmpty().Max()).Select(number => new SlotPool(
            number,
            tensors.Where(tensor => number < tensor.Slots.Count).Select(tensor => Slot.RoomFor(
                tensor.Slots[number], tensor.Shape.LengthOf(tensor.Slots[number].Extent), format))))];

    /// <summary>The slots of a tensor, which may depend on its shape.</summary>
    public static IReadOnlyList<StateSlot> SlotsOf(OptimizerDefinition definition, in TensorShape shape) =>
        definition.Matrices?.SlotsFor(shape) ?? definition.Slots;

    /// <summary>The memory that a tensor has in addition to its slots, in bytes. Checkpoints do not save it.</summary>
    public static nuint WorkspaceFor(IMatrixDefinition matrices, in TensorShape shape) => ElementsKeptFor(matrices, shape) + matrices.WorkspaceFor(shape);

    /// <summary>Whether values overlap the memory of a slot. Only slots in float32 can be accessed from outside.</summary>
    public bool Overlap(ReadOnlySpan<float> values)
    {
        // State does not move, so an address inside its memory stays inside.
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
    /// The largest magnitude in the slots; NaN if an element is NaN. For a slot of squares, the magnitude is the square root of its values.
    /// </summary>
    /// <param name="isNew">Whether no update has written the memory. Its values are then known, and are not read.</param>
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

    private static nuint ElementsKeptFor(IMatrixDefinition matrices, in TensorShape shape) =>
        matrices.KeepsElements ? (nuint)shape.Length * sizeof(float) : 0;
}
