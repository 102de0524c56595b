using System.Globalization;
using Optimizers.Schedules;

namespace CharModel;

/// <summary>All settings that change the bits of the final weights. The text changes them as well.</summary>
/// <param name="Steps">The number of updates.</param>
/// <param name="Batch">The number of sequences in an update.</param>
/// <param name="Context">The number of characters in a sequence.</param>
/// <param name="Width">The number of features of a character.</param>
/// <param name="Layers">The number of blocks.</param>
/// <param name="Heads">The number of heads of each attention layer.</param>
/// <param name="Rate">The highest learning rate.</param>
/// <param name="Seed">The seed of the initial weights, of the order of the data and of the text at the end.</param>
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
    /// <summary>Throws if there is not enough memory for the run, before the run allocates it.</summary>
    /// <exception cref="InvalidDataException">There is not enough memory.</exception>
    public void RequireMemory(Corpus corpus, int threads)
    {
        const double Gigabyte = 1e9;
        long weights = (12L * Width * Width * Layers) + (((2L * corpus.AlphabetSize) + Context) * Width);
        long activations = (long)Context * Layers * (((Heads + 2L) * Context) + (39L * Width));

        // The weights, their gradients and two moments; the gradients of each sequence; the activations of each thread.
        double bytes = sizeof(float) * ((weights * (Batch + 4.0)) + ((double)threads * activations));
        long available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (bytes > available || weights > Array.MaxLength)
        {
            throw new InvalidDataException(string.Create(
                CultureInfo.InvariantCulture,
                $"The model takes {bytes / Gigabyte:N1} GB of memory, but only {available / Gigabyte:N1} GB are available. Lower --width, --layers, --context or --batch."));
        }
    }

    public ModelShape ShapeFor(Corpus corpus) => new(corpus.AlphabetSize, Context, Width, Layers, Heads);
}
