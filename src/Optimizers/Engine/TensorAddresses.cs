namespace Optimizers;

/// <summary>Where the buffers of one tensor lie during a step; they are pinned for as long.</summary>
internal unsafe struct TensorAddresses
{
    public float* Parameters;
    public float* Gradients;

    // Null where nobody wants one.
    public BFloat16* RoundedCopy;
    public SlotAddresses Slots;
}

/// <summary>Where the state slots of one tensor lie; a <see cref="IStorage"/> knows what stands there.</summary>
internal unsafe struct SlotAddresses
{
    public void* Slot0;
    public void* Slot1;
    public void* Slot2;
    public void* Slot3;

    public void* this[int index]
    {
        set
        {
            switch (index)
            {
                case 0: Slot0 = value; break;
                case 1: Slot1 = value; break;
                case 2: Slot2 = value; break;
                case 3: Slot3 = value; break;
                default: throw new ArgumentOutOfRangeException(nameof(index), index, "A rule has at most four slots.");
            }
        }
    }
}
