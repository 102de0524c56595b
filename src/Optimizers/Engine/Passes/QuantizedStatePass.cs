namespace Optimizers.Engine;

/// <summary>
/// Passes over tensors whose state is not worked on in place: piece by piece, the state is read into scratch in the first-level cache,
/// updated there as any float32 state, and written back. Neither rule nor update knows of it.
/// </summary>
internal static unsafe class QuantizedStatePass
{
    // Few enough for all slots to stay in the first-level cache with parameters and gradients, and many enough for a piece
    // to cost little by itself.
    private const int Piece = 1024;

    /// <summary>Updates parameters, and state unless it is done, from <paramref name="start"/> to <paramref name="end"/>.</summary>
    [SkipLocalsInit]
    public static void Apply(in TensorJob job, Slot[] slots, nuint start, nuint end, int widestLane)
    {
        IUpdate update = job.Group.Update;
        float* scratch = stackalloc float[slots.Length * Piece];
        TensorJob piece = job;
        piece.Format = StateFormat.Float32;
        for (nuint pieceStart = start; pieceStart < end; pieceStart += Piece)
        {
            nuint pieceEnd = nuint.Min(end, pieceStart + Piece);
            Read(slots, ref piece, pieceStart, pieceEnd, scratch, Piece, widestLane);
            update.Apply(piece, pieceStart, pieceEnd, widestLane);

            if (!update.MeasuringChangesState)
            {
                Write(slots, piece, pieceStart, pieceEnd, scratch, Piece, widestLane);
            }
        }
    }

    /// <summary>Gathers the sums of the blocks from <paramref name="start"/> to <paramref name="end"/>.</summary>
    [SkipLocalsInit]
    public static void Gather(
        in TensorJob job,
        Slot[] slots,
        nuint start,
        nuint end,
        Span<double> first,
        Span<double> second,
        bool counting,
        int widestLane)
    {
        IUpdate update = job.Group.Update;
        float* scratch = stackalloc float[slots.Length * Reductions.Block];
        TensorJob piece = job;
        piece.Format = StateFormat.Float32;
        int block = 0;
        for (nuint pieceStart = start; pieceStart < end; pieceStart += Reductions.Block, block++)
        {
            nuint pieceEnd = nuint.Min(end, pieceStart + Reductions.Block);
            Read(slots, ref piece, pieceStart, pieceEnd, scratch, Reductions.Block, widestLane);
            update.Gather(piece, pieceStart, pieceEnd, first.Slice(block, 1), second.Slice(block, 1), counting, widestLane);

            // Counting leaves the state as it is.
            if (update.MeasuringChangesState && !counting)
            {
                Write(slots, piece, pieceStart, pieceEnd, scratch, Reductions.Block, widestLane);
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
        long iteration = piece.Group.Update.IterationOf(piece.Rule);
        for (int i = 0; i < slots.Length; i++, scratch += room)
        {
            slots[i].Write(start, end, scratch, iteration, widestLane);
        }
    }
}
