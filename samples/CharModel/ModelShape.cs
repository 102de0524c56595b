namespace CharModel;

/// <summary>The sizes of a transformer.</summary>
/// <param name="Alphabet">The number of different characters.</param>
/// <param name="Context">The number of characters in a sequence, which is how far back the model sees.</param>
/// <param name="Width">The number of features of a character. It is a multiple of the number of heads.</param>
/// <param name="Layers">The number of blocks. A block has an attention layer and a small network with a hidden layer of four times the width.</param>
/// <param name="Heads">The number of heads of an attention layer.</param>
internal sealed record ModelShape(int Alphabet, int Context, int Width, int Layers, int Heads);
