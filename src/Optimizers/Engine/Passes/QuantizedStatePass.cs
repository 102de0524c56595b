namespace Optimizers.Engine;

/// <summary>
/// Passes over tensors whose state format a loop cannot use in place. Piece by piece, the state is decoded into scratch in the
/// first-level cache, updated there as float32 state, and encoded again. Rules and steps do not depend on it.
/// </summary>
internal static unsafe class QuantizedStatePass
{
    // Small enough for all slots to stay in the first-level cache with parameters and gradients, and large enough to make the overhead
    // per piece small.
    private const int Piece = 1024;

    /// <summary>
    /// Updates parameters from <paramref name="start"/> to <paramref name="end"/>, and state unless an earlier pass has done so.
    /// </summary>
    public static void Apply(in TensorJob job, Slot[] slots, in StepTransforms transforms, nuint start, nuint end, int widestLane)
    {
        if (!job.Group.MeasuringChangesState && HasOnlyBlocks(slots))
        {
            nuint rest = (end - start) % Blocks.Length;
            ApplyInBlocks(job, slots, transforms, start, end - rest, widestLane);
            start = end - rest;
        }

        if (start != end)
        {
            ApplyDecoded(job, slots, transforms, start, end, widestLane);
        }
    }

    private static bool HasOnlyBlocks(Slot[] slots)
    {
        foreach (Slot slot in slots)
        {
            if (slot.Format != StateFormat.Block8)
            {
                return false;
            }
        }

        return true;
    }

    private static bool HasNaN(Slot[] slots, nuint start, nuint end)
    {
        foreach (Slot slot in slots)
        {
            if (Unsafe.As<BlockSlot>(slot).HasNaN(start, end))
            {
                return true;
            }
        }

        return false;
    }

    // State in blocks of 8-bit codes takes two loops: one decodes, applies the rule and finds the largest magnitude of each block; the
    // other encodes. A search for NaN before the loop takes less time than a test of each lane in it. NaN is rare, so its blocks may be slower.
    [SkipLocalsInit]
    private static void ApplyInBlocks(in TensorJob job, Slot[] slots, in StepTransforms transforms, nuint start, nuint end, int widestLane)
    {
        byte* memory = stackalloc byte[BlockScratch.RoomFor(slots.Length)];
        BlockScratch* scratch = BlockScratch.At(memory);
        long iteration = job.Group.IterationOf(job.Rule);
        TensorJob piece = job;
        piece.Format = StateFormat.Block8;
        for (int i = 0; i < slots.Length; i++)
        {
            Unsafe.As<BlockSlot>(slots[i]).Prepare(scratch + i);
            piece.Addresses.Slots[i].Scratch = scratch + i;
        }

        for (; start < end; start += BlockScratch.Length)
        {
            // The loop counts elements from the start of the piece.
            nuint pieceEnd = nuint.Min(end, start + BlockScratch.Length);
            if (HasNaN(slots, start, pieceEnd))
            {
                ApplyDecoded(job, slots, transforms, start, pieceEnd, widestLane);
                continue;
            }

            piece.Addresses.Parameters = job.Addresses.Parameters + start;
            piece.Addresses.Gradients = job.Addresses.Gradients + start;
            piece.Addresses.Slots.Between = job.Addresses.Slots.Between == null ? null : job.Addresses.Slots.Between + start;
            for (int i = 0; i < slots.Length; i++)
            {
                Unsafe.As<BlockSlot>(slots[i]).Begin(scratch + i, start, pieceEnd);
                piece.Addresses.Slots[i].Elements = slots[i].Address + start;
            }

            job.Group.Apply(piece, transforms, 0, pieceEnd - start, widestLane);
            for (int i = 0; i < slots.Length; i++)
            {
                var slot = Unsafe.As<BlockSlot>(slots[i]);
                slot.Write(scratch + i, start, pieceEnd, slot.DitherFor(iteration), widestLane);
            }
        }
    }

    [SkipLocalsInit]
    private static void ApplyDecoded(in TensorJob job, Slot[] slots, in StepTransforms transforms, nuint start, nuint end, int widestLane)
    {
        float* scratch = stackalloc float[slots.Length * Piece];
        TensorJob piece = job;
        piece.Format = StateFormat.Float32;
        for (nuint pieceStart = start; pieceStart < end; pieceStart += Piece)
        {
            nuint pieceEnd = nuint.Min(end, pieceStart + Piece);
            Read(slots, ref piece, pieceStart, pieceEnd, scratch, Piece, widestLane);
            job.Group.Apply(piece, transforms, pieceStart, pieceEnd, widestLane);
            if (!job.Group.MeasuringChangesState)
            {
                Write(slots, piece, pieceStart, pieceEnd, scratch, Piece, widestLane);
            }
        }
    }

    /// <summary>Measures the blocks from <paramref name="start"/> to <paramref name="end"/>.</summary>
    public static void Measure(in TensorJob job, Slot[] slots, nuint start, nuint end, BlockSums sums, int widestLane) =>
        Run(job, slots, start, end, sums, counts: false, widestLane);

    /// <summary>Counts the elements that a cautious update moves, in the blocks from <paramref name="start"/> to <paramref name="end"/>.</summary>
    public static void Count(in TensorJob job, Slot[] slots, nuint start, nuint end, BlockSums counts, int widestLane) =>
        Run(job, slots, start, end, counts, counts: true, widestLane);

    [SkipLocalsInit]
    private static void Run(in TensorJob job, Slot[] slots, nuint start, nuint end, BlockSums sums, bool counts, int widestLane)
    {
        float* scratch = stackalloc float[slots.Length * Reductions.Block];
        TensorJob piece = job;
        piece.Format = StateFormat.Float32;
        for (nuint blockStart = start; blockStart < end; blockStart += Reductions.Block)
        {
            nuint blockEnd = nuint.Min(end, blockStart + Reductions.Block);
            Read(slots, ref piece, blockStart, blockEnd, scratch, Reductions.Block, widestLane);
            if (counts)
            {
                job.Group.Count(piece, blockStart, blockEnd, sums, widestLane);
            }
            else
            {
                job.Group.Measure(piece, blockStart, blockEnd, sums, widestLane);
                if (job.Group.MeasuringChangesState)
                {
                    Write(slots, piece, blockStart, blockEnd, scratch, Reductions.Block, widestLane);
                }
            }
        }
    }

    private static void Read(
        Slot[] slots, ref TensorJob piece, nuint start, nuint end, float* scratch, int room, int widestLane)
    {
        for (int i = 0; i < slots.Length; i++, scratch += room)
        {
            slots[i].Read(start, end, scratch, widestLane);
            piece.Addresses.Slots[i].Elements = scratch - start;
        }
    }

    private static void Write(
        Slot[] slots, in TensorJob piece, nuint start, nuint end, float* scratch, int room, int widestLane)
    {
        long iteration = piece.Group.IterationOf(piece.Rule);
        for (int i = 0; i < slots.Length; i++, scratch += room)
        {
            slots[i].Write(start, end, scratch, iteration, widestLane);
        }
    }
}
