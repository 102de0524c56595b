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
    int Steps = 1_000,
    int Batch = 12,
    int Context = 64,
    int Width = 96,
    int Layers = 3,
    int Heads = 3,
    double Rate = 0.004,
    int Seed = 1)
{
    public ModelShape ShapeFor(Corpus corpus) => new(corpus.AlphabetSize, Context, Width, Layers, Heads);
}
