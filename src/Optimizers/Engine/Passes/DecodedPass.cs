namespace Optimizers.Engine;

/// <summary>
/// Passes over tensors whose values or gradients have 16 bits. Piece by piece, they are converted to floats in scratch in the
/// first-level cache. Rules and steps do not depend on it.
/// </summary>
internal static unsafe class DecodedPass
{
    /// <summary>Measures the blocks from <paramref name="start"/> to <paramref name="end"/>, with the given pass.</summary>
    [SkipLocalsInit]
    public static void RunBlocks(in TensorJob job, nuint start, nuint end, BlockSums sums, BlockwisePass pass, int widestLane)
    {
        float* values = stackalloc float[Reductions.Block];
        float* gradients = stackalloc float[Reductions.Block];
        bool endsGradient = job.Group.MeasuringEndsGradient && job.Transforms.ZeroGradient;
        for (nuint block = start; block < end; block += Reductions.Block)
        {
            nuint blockEnd = nuint.Min(end, block + Reductions.Block);
            TensorJob decoded = Read(job, block, blockEnd, values, gradients, widestLane);
            pass(decoded, block, blockEnd, sums, widestLane);
            if (endsGradient && job.StoredGradients.IsRounded)
            {
                job.StoredGradients.Clear(block, blockEnd);
            }
        }
    }

    /// <summary>Converts the values and gradients of a piece.</summary>
    /// <returns>A job whose addresses point at the converted floats.</returns>
    public static TensorJob Read(in TensorJob job, nuint start, nuint end, float* values, float* gradients, int widestLane)
    {
        TensorJob decoded = job;
        if (job.StoredValues.IsRounded)
        {
            ReadValues(job, start, end, values, widestLane);
            decoded.Addresses.Parameters = values - start;
            decoded.StoredValues = default;
        }

        if (job.StoredGradients.IsRounded)
        {
            job.StoredGradients.Read(start, end, gradients, widestLane);
            decoded.Addresses.Gradients = gradients - start;
            decoded.StoredGradients = default;
        }

        return decoded;
    }

    /// <summary>Converts the values of a piece, with their rounding errors if these are kept.</summary>
    public static void ReadValues(in TensorJob job, nuint start, nuint end, float* values, int widestLane)
    {
        job.StoredValues.Read(start, end, values, widestLane);
        if (job.Errors.IsRounded)
        {
            job.Errors.AddTo(start, end, values, widestLane);
        }
    }

    /// <summary>Stores the values of a piece after a pass has updated them, and zeroes its gradients if the pass does that.</summary>
    public static void Write(in TensorJob job, in StepTransforms transforms, nuint start, nuint end, float* values, int widestLane)
    {
        if (job.StoredValues.IsRounded && job.Group.WritesParameters && !transforms.AtRest)
        {
            if (job.Errors.IsRounded)
            {
                job.StoredValues.WriteWithErrors(start, end, values, job.Errors, widestLane);
            }
            else if (job.Group.RoundsToNearest)
            {
                job.StoredValues.Write(start, end, values, widestLane);
            }
            else
            {
                var dither = RoundingDither.ForValues(job.Group.IterationOf(job.Rule));
                job.StoredValues.WriteAtRandom(start, end, values, dither, widestLane);
            }
        }

        if (job.StoredGradients.IsRounded && (transforms.ZeroGradient || job.Group.ZeroesGradients))
        {
            job.StoredGradients.Clear(start, end);
        }
    }
}

/// <summary>A pass over blocks that stores sums.</summary>
internal delegate void BlockwisePass(in TensorJob job, nuint start, nuint end, BlockSums sums, int widestLane);
