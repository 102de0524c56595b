using System.Diagnostics.CodeAnalysis;

namespace Optimizers.Engine;

/// <summary>The addresses of one tensor's buffers during a step. The buffers are pinned until its end.</summary>
internal unsafe struct TensorAddresses
{
    public float* Parameters;
    public float* Gradients;
    public SlotAddresses Slots;
}

/// <summary>The addresses of one tensor's state slots.</summary>
internal unsafe struct SlotAddresses
{
    public const int Count = 4;

    public SlotAddress Slot0;
    public SlotAddress Slot1;
    public SlotAddress Slot2;
    public SlotAddress Slot3;

    /// <summary>For storage that rounds: the <see cref="RoundingDither.Slope"/> of this step.</summary>
    public uint DitherSlope;

    /// <summary>Scratch for the two values of a measuring pass.</summary>
    public float* First;
    public float* Second;

    /// <summary>One float for each element, which an optimizer of matrices keeps between the passes of a step; otherwise null.</summary>
    public float* Between;

    /// <summary>Further memory of an optimizer of matrices, which loops do not use; otherwise null.</summary>
    public void* Workspace;

    [UnscopedRef]
    public ref SlotAddress this[int index]
    {
        get
        {
            switch (index)
            {
                case 0: return ref Slot0;
                case 1: return ref Slot1;
                case 2: return ref Slot2;
                case 3: return ref Slot3;
                default: throw new ArgumentOutOfRangeException(nameof(index), index, "A rule has at most four slots, so the index must be from 0 to 3.");
            }
        }
    }
}

/// <summary>The address of one state slot of one tensor. An <see cref="IStorage"/> knows the format of its elements.</summary>
internal unsafe struct SlotAddress
{
    public void* Elements;

    /// <summary>For storage that rounds: the <see cref="RoundingDither.First"/> of this step, for each element of the widest lane.</summary>
    public uint* FirstDither;

    /// <summary>For <see cref="BlockStorage"/>: the scratch of the slot. It uses the place of the dither, which this storage does not read.</summary>
    public BlockScratch* Scratch
    {
        readonly get => (BlockScratch*)FirstDither;
        set => FirstDither = (uint*)value;
    }
}
