namespace Optimizers.Engine;

/// <summary>Runs a pass that writes two values for each element to scratch, and sums them block by block.</summary>
internal static unsafe class MeasuredBlocks
{
    // The measured values stay in the first-level cache until they are summed.
    private const int Piece = 512;

    /// <param name="pass">The pass.</param>
    /// <param name="job">The tensor.</param>
    /// <param name="start">The first element. It must be at the start of a block.</param>
    /// <param name="end">The end of the range, exclusive.</param>
    /// <param name="sums">Receives the sums.</param>
    /// <param name="squares">Whether the squares of the values are summed.</param>
    /// <param name="widestLane">The width of the lanes.</param>
    [SkipLocalsInit]
    public static void Run<TPass>(
        in TPass pass, in TensorJob job, nuint start, nuint end, BlockSums sums, bool squares, int widestLane)
        where TPass : struct, IBlockPass<TPass>
    {
        float* firstValues = stackalloc float[Piece];
        float* secondValues = stackalloc float[Piece];
        float* limited = stackalloc float[Piece];
        TensorJob part = job;
        StepTransforms transforms = job.Transforms;
        for (nuint blockStart = start; blockStart < end; blockStart += Reductions.Block)
        {
            var firstSum = default(SumLanes);
            var secondSum = default(SumLanes);
            nuint blockEnd = nuint.Min(end, blockStart + Reductions.Block);
            for (nuint piece = blockStart; piece < blockEnd; piece += Piece)
            {
                nuint pieceEnd = nuint.Min(blockEnd, piece + Piece);
                part.Addresses.Slots.First = firstValues - piece;
                part.Addresses.Slots.Second = secondValues - piece;
                StepTransforms seen = LimitedGradient.Transform(job, transforms, limited, piece, pieceEnd, ref part.Addresses, widestLane);
                if (TPass.ChangesState)
                {
                    KernelDispatch.ReadAndStore(pass, part, seen, piece, pieceEnd, widestLane);
                }
                else
                {
                    KernelDispatch.Read(pass, part, seen, piece, pieceEnd, widestLane);
                }

                Add(ref firstSum, firstValues, pieceEnd - piece, squares);
                Add(ref secondSum, secondValues, pieceEnd - piece, squares);
            }

            if (transforms.ZeroGradient && job.Group.MeasuringEndsGradient)
            {
                new Span<float>(job.Addresses.Gradients + blockStart, (int)(blockEnd - blockStart)).Clear();
            }

            sums.Set(job.FirstBlock + (int)(blockStart / Reductions.Block), firstSum.Sum(), secondSum.Sum());
        }
    }

    private static void Add(ref SumLanes sum, float* values, nuint count, bool squares)
    {
        if (squares)
        {
            sum.AddSquares(values, count);
        }
        else
        {
            sum.Add(values, count);
        }
    }
}

/// <summary>A pass that writes two values for each element to scratch.</summary>
internal interface IBlockPass<TSelf> : IUpdateRule<TSelf>
    where TSelf : struct, IBlockPass<TSelf>
{
    /// <summary>Whether the pass writes state. Passes with and without writes are compiled into different loops.</summary>
    static abstract bool ChangesState { get; }
}
