using Samples;

namespace Digits;

/// <summary>The settings that all runs share: the initial network, and the order of the images.</summary>
internal sealed record Plan(int Epochs, int Batch, int Stride, int Shift, IReadOnlyList<Tensor> Parameters)
{
    /// <summary>The number of batches in an epoch. The last batch can be smaller.</summary>
    public int BatchCount(int images) => (images + Batch - 1) / Batch;

    /// <summary>
    /// The batches of an epoch, as indices of training images. The stride visits each image once, in a mixed order.
    /// </summary>
    public IEnumerable<int[]> Batches(int epoch, int images) =>
        Enumerable.Range(0, images)
            .Select(k => (int)((((long)Stride * k) + ((long)Shift * epoch)) % images))
            .Chunk(Batch);
}
