using Samples;

namespace Digits;

/// <summary>What every run shares: the network it starts from, and which images it sees when.</summary>
internal sealed record Plan(int Epochs, int Batch, int Stride, int Shift, IReadOnlyList<Tensor> Parameters)
{
    /// <summary>The number of batches of an epoch; the last may be smaller.</summary>
    public int BatchCount(int images) => (images + Batch - 1) / Batch;

    /// <summary>The batches of an epoch, as numbers of training images. A stride visits each once, in a mixed order.</summary>
    public IEnumerable<int[]> Batches(int epoch, int images) =>
        Enumerable.Range(0, images)
            .Select(k => (int)((((long)Stride * k) + ((long)Shift * epoch)) % images))
            .Chunk(Batch);
}
