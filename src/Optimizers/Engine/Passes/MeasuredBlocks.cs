namespace Optimizers.Engine;

/// <summary>Runs a pass that writes two values for each element to scratch, and adds them up block by block.</summary>
internal static class MeasuredBlocks
{
    // Measured values go through the first-level cache on their way to the sums.
    private const int Piece = 512;

    public static unsafe void Gather<TPass, TStorage>(
        in TPass pass,
        in TensorJob job,
        in Treatment treatment,
        nuint start,
        nuint end,
        Span<double> first,
        Span<double> second,
        bool squares,
        int widestLane)
        where TPass : struct, IUpdateRule<TPass>
        where TStorage : struct, IStorage
    {
        float* firstValues = stackalloc float[Piece];
        float* secondValues = stackalloc float[Piece];
        TensorAddresses addresses = job.Addresses;
        addresses.RoundedCopy = null;
        int block = 0;
        for (nuint blockStart = start; blockStart < end; blockStart += Reductions.Block, block++)
        {
            var firstSum = default(SumLanes);
            var secondSum = default(SumLanes);
            nuint blockEnd = nuint.Min(end, blockStart + Reductions.Block);
            for (nuint piece = blockStart; piece < blockEnd; piece += Piece)
            {
                nuint pieceEnd = nuint.Min(blockEnd, piece + Piece);
                addresses.Slots.First = firstValues - piece;
                addresses.Slots.Second = secondValues - piece;
                if (treatment.CoupledDecay != 0)
                {
                    TreatedKernel.Run<TPass, Untouched<CoupledDecay>, TStorage>(
                        pass, treatment, addresses, piece, pieceEnd, widestLane);
                }
                else
                {
                    TreatedKernel.Run<TPass, Untouched<NoDecay>, TStorage>(
                        pass, treatment, addresses, piece, pieceEnd, widestLane);
                }

                Add(ref firstSum, firstValues, pieceEnd - piece, squares);
                Add(ref secondSum, secondValues, pieceEnd - piece, squares);
            }

            first[block] = firstSum.Sum();
            second[block] = secondSum.Sum();
        }
    }

    private static unsafe void Add(ref SumLanes sum, float* values, nuint count, bool squares)
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
