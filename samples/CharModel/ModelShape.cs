namespace CharModel;

/// <summary>The sizes of a transformer.</summary>
/// <param name="Alphabet">The number of different characters.</param>
/// <param name="Context">The number of characters that it sees at once.</param>
/// <param name="Width">The number of features of a character; a multiple of the number of heads.</param>
/// <param name="Layers">The number of blocks, each of an attention and a small network of four times the width.</param>
/// <param name="Heads">The number of heads of an attention.</param>
internal sealed record ModelShape(int Alphabet, int Context, int Width, int Layers, int Heads);
