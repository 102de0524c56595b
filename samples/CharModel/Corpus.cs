using System.Security.Cryptography;
using System.Text;
using Samples;

namespace CharModel;

/// <summary>A text as a sequence of character indices. The first nine tenths are for training, the rest is for validation.</summary>
internal sealed class Corpus
{
    private readonly Rune[] _alphabet;
    private readonly int[] _text;
    private readonly int _trainingLength;

    /// <param name="text">The text.</param>
    public Corpus(string text)
    {
        Rune[] runes = [.. text.EnumerateRunes()];
        _alphabet = [.. runes.Distinct().Order()];
        _text = Array.ConvertAll(runes, rune => Array.BinarySearch(_alphabet, rune));
        _trainingLength = (int)(0.9 * _text.Length);
        Hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    /// <summary>The SHA-256 of the text.</summary>
    public string Hash { get; }

    /// <summary>The number of different characters.</summary>
    public int AlphabetSize => _alphabet.Length;

    public ReadOnlySpan<int> Training => _text.AsSpan(0, _trainingLength);

    public ReadOnlySpan<int> Validation => _text.AsSpan(_trainingLength);

    /// <summary>
    /// The index of the character from which a generated text starts: the line feed, or the first character of the alphabet if the corpus
    /// has no line feed.
    /// </summary>
    public int Beginning => Math.Max(0, Array.BinarySearch(_alphabet, new Rune('\n')));

    /// <summary>Reads a UTF-8 file.</summary>
    /// <exception cref="InvalidDataException">The file cannot be read, or is not UTF-8.</exception>
    public static Corpus Read(string path)
    {
        try
        {
            return new Corpus(File.ReadAllText(path, new UTF8Encoding(false, throwOnInvalidBytes: true)));
        }
        catch (DecoderFallbackException)
        {
            throw new InvalidDataException($"\"{path}\" is not a UTF-8 text. Convert it to UTF-8.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"\"{path}\" cannot be read: {e.Message}");
        }
    }

    /// <summary>Throws if the training part or the validation part is too short for one sequence and the character after it.</summary>
    /// <exception cref="InvalidDataException">The text is too short.</exception>
    public void RequireSequencesOf(int context)
    {
        if (Validation.Length <= context || Training.Length <= context)
        {
            throw new InvalidDataException(
                $"The text has {Count.Of(_text.Length, "character")}; with --context {context} it needs {10L * (context + 1)}. Use a longer text or a smaller --context.");
        }
    }

    public string Decode(IEnumerable<int> characters) => string.Concat(characters.Select(character => _alphabet[character]));
}
