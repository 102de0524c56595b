using System.Globalization;
using Optimizers.Schedules;

namespace CharModel;

/// <summary>Everything that the bits of the final weights depend on, but for the text.</summary>
/// <param name="Steps">The number of updates.</param>
/// <param name="Batch">The number of sequences in an update.</param>
/// <param name="Context">The number of characters in a sequence.</param>
/// <param name="Width">The number of features of a character.</param>
/// <param name="Layers">The number of blocks.</param>
/// <param name="Heads">The number of heads of each attention.</param>
/// <param name="Rate">The highest learning rate.</param>
/// <param name="Seed">What decides the initial weights, the order of the data and the text at the end.</param>
internal sealed record RunSettings(
    int Steps = 1_500,
    int Batch = 12,
    int Context = 64,
    int Width = 96,
    int Layers = 3,
    int Heads = 3,
    double Rate = 0.006,
    int Seed = 1)
{
    /// <summary>Refuses a run for which there is not enough memory, rather than to take all there is first.</summary>
    /// <exception cref="InvalidDataException">There is not enough.</exception>
    public void RequireMemory(Corpus corpus, int threads)
    {
        const double Gigabyte = 1e9;
        long weights = (12L * Width * Width * Layers) + (((2L * corpus.AlphabetSize) + Context) * Width);
        long activations = (long)Context * Layers * (((Heads + 2L) * Context) + (39L * Width));

        // Weights, their gradients and two moments; gradients of each sequence; a network for each thread.
        double bytes = sizeof(float) * ((weights * (Batch + 4.0)) + ((double)threads * activations));
        long available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (bytes > available || weights > Array.MaxLength)
        {
            throw new InvalidDataException(string.Create(
                CultureInfo.InvariantCulture,
                $"The model takes {bytes / Gigabyte:N1} GB of memory, but there are {available / Gigabyte:N1}: lower --width, --layers, --context or --batch."));
        }
    }

    public ModelShape ShapeFor(Corpus corpus) => new(corpus.AlphabetSize, Context, Width, Layers, Heads);
}
