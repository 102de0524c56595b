namespace Optimizers.Engine;

/// <summary>
/// The update of a tensor that needs more than one loop. Operations around a rule that need no register run before and after the
/// loop, on blocks that are in the first-level cache.
/// </summary>
internal static unsafe class BlockPass
{
    // Small enough for gradients, parameters and two slots to stay in the first-level cache; it divides a block of sums.
    private const int Piece = 1024;

    /// <summary>Updates the elements from <paramref name="start"/> to <paramref name="end"/>.</summary>
    public static void Apply(in TensorJob job, nuint start, nuint end, int widestLane)
    {
        StepTransforms transforms = job.Transforms;
        if (job.Rows is { } rows)
        {
            ApplyToRows(job, rows, transforms, start, end, widestLane);
        }
        else
        {
            ApplyInBlocks(job, transforms, start, end, widestLane);
        }
    }

    // In a table, the gradients of the touched rows are contiguous, but their parameters and state are at the rows' places in the table.
    // Each run of neighbouring rows is updated like a tensor.
    private static void ApplyToRows(
        in TensorJob job, SparseRows rows, in StepTransforms transforms, nuint start, nuint end, int widestLane)
    {
        TensorJob run = job;
        while (start < end)
        {
            (nuint place, nuint count) = rows.Run(start, end);

            // The loop counts elements from the start of the table.
            run.Addresses.Gradients = job.Addresses.Gradients + start - place;
            ApplyInBlocks(run, transforms, place, place + count, widestLane);
            start += count;
        }
    }

    private static void ApplyInBlocks(in TensorJob job, in StepTransforms transforms, nuint start, nuint end, int widestLane)
    {
        if (!transforms.NeedBlocks && job.RoundedCopy.Address == 0 && !job.IsDecoded)
        {
            ApplyLoop(job, transforms, start, end, widestLane);
            return;
        }

        for (nuint piece = start; piece < end; piece += Piece)
        {
            nuint pieceEnd = nuint.Min(end, piece + Piece);
            if (job.IsDecoded)
            {
                ApplyDecoded(job, transforms, piece, pieceEnd, widestLane);
            }
            else
            {
                ApplyPiece(job, transforms, piece, pieceEnd, widestLane);
            }

            if (job.RoundedCopy.IsRounded)
            {
                job.RoundedCopy.Write(piece, pieceEnd, job.Addresses.Parameters + piece, widestLane);
            }
        }
    }

    [SkipLocalsInit]
    private static void ApplyDecoded(in TensorJob job, in StepTransforms transforms, nuint start, nuint end, int widestLane)
    {
        float* values = stackalloc float[Piece];
        float* gradients = stackalloc float[Piece];
        TensorJob decoded = DecodedPass.Read(job, start, end, values, gradients, widestLane);
        ApplyPiece(decoded, transforms, start, end, widestLane);
        DecodedPass.Write(job, transforms, start, end, values, widestLane);
    }

    private static void ApplyPiece(in TensorJob job, in StepTransforms transforms, nuint start, nuint end, int widestLane)
    {
        if (transforms.NeedBlocks)
        {
            ApplyOnCopies(job, transforms, start, end, widestLane);
        }
        else
        {
            ApplyLoop(job, transforms, start, end, widestLane);
        }
    }

    // Gradients are limited in a copy. At a rate of 0 the rule updates its state, and a copy of the parameters.
    [SkipLocalsInit]
    private static void ApplyOnCopies(in TensorJob job, in StepTransforms transforms, nuint start, nuint end, int widestLane)
    {
        float* gradients = stackalloc float[Piece];
        float* parameters = stackalloc float[Piece];
        TensorJob copied = job;
        StepTransforms left = LimitedGradient.Transform(job, transforms, gradients, start, end, ref copied.Addresses, widestLane);
        if (transforms.AtRest)
        {
            new ReadOnlySpan<float>(job.Addresses.Parameters + start, (int)(end - start)).CopyTo(new Span<float>(parameters, Piece));
            copied.Addresses.Parameters = parameters - start;
        }

        ApplyLoop(copied, left, start, end, widestLane);
        if (transforms.ZeroGradient && transforms.Gradient.IsLimited && !job.Group.MeasuringEndsGradient)
        {
            new Span<float>(job.Addresses.Gradients + start, (int)(end - start)).Clear();
        }
    }

    private static void ApplyLoop(in TensorJob job, in StepTransforms transforms, nuint start, nuint end, int widestLane)
    {
        if (job.Quantized is { } slots)
        {
            QuantizedStatePass.Apply(job, slots, transforms, start, end, widestLane);
        }
        else
        {
            job.Group.Apply(job, transforms, start, end, widestLane);
        }
    }
}
