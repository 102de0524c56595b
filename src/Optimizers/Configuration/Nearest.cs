namespace Optimizers.Configuration;

/// <summary>
/// Orders names by their similarity to a given text. Names that the text abbreviates come first, as "lr" abbreviates
/// "learningRate". The others follow in the order of their edit distance.
/// </summary>
internal static class Nearest
{
    public static IEnumerable<string> Order(IEnumerable<string> names, string to) =>
        names.OrderBy(name => Abbreviation(name, to))
            .ThenBy(name => Distance(name.ToUpperInvariant(), to.ToUpperInvariant()))
            .ThenBy(name => name, StringComparer.Ordinal);

    /// <summary>0 if the text consists of the beginnings of the first words of the name, 1 if of later words, 2
    /// otherwise.</summary>
    private static int Abbreviation(string name, string text)
    {
        string letters = string.Concat(text.Where(char.IsLetterOrDigit)).ToUpperInvariant();
        string[] words = [.. WordsOf(name)];
        return letters.Length == 0 ? 2
            : Begins(words, letters) ? 0
            : Enumerable.Range(1, words.Length - 1).Any(first => Begins(words.AsSpan(first), letters)) ? 1
            : 2;
    }

    // Each word provides at least one letter, until no letters are left.
    private static bool Begins(ReadOnlySpan<string> words, ReadOnlySpan<char> letters)
    {
        if (letters.IsEmpty || words.IsEmpty)
        {
            return letters.IsEmpty;
        }

        for (int taken = 1; taken <= letters.Length && words[0].AsSpan().StartsWith(letters[..taken]); taken++)
        {
            if (Begins(words[1..], letters[taken..]))
            {
                return true;
            }
        }

        return false;
    }

    // A word begins with a capital letter or a digit.
    private static IEnumerable<string> WordsOf(string name)
    {
        int start = 0;
        for (int end = 1; end <= name.Length; end++)
        {
            if (end == name.Length || !char.IsLower(name[end]))
            {
                yield return name[start..end].ToUpperInvariant();
                start = end;
            }
        }
    }

    /// <summary>The edit distance: insertions, deletions, substitutions, and exchanges of neighbouring letters.</summary>
    public static int Distance(string one, string other)
    {
        int[][] distances = [.. Enumerable.Range(0, one.Length + 1).Select(_ => new int[other.Length + 1])];
        for (int i = 0; i <= one.Length; i++)
        {
            for (int j = 0; j <= other.Length; j++)
            {
                distances[i][j] = i == 0 || j == 0
                    ? i + j
                    : Math.Min(
                        distances[i - 1][j - 1] + (one[i - 1] == other[j - 1] ? 0 : 1),
                        Math.Min(distances[i - 1][j], distances[i][j - 1]) + 1);
                if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
                {
                    distances[i][j] = Math.Min(distances[i][j], distances[i - 2][j - 2] + 1);
                }
            }
        }

        return distances[one.Length][other.Length];
    }
}
