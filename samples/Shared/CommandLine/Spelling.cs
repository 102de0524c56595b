namespace Samples;

internal static class Spelling
{
    /// <summary>The edit distance of two words: the number of letters to insert, delete or replace. Case is ignored.</summary>
    public static int Distance(string from, string to)
    {
        int[] row = [.. Enumerable.Range(0, to.Length + 1)];
        foreach (char letter in from)
        {
            int diagonal = row[0]++;
            for (int j = 1; j < row.Length; j++)
            {
                int changed = diagonal + (char.ToUpperInvariant(letter) == char.ToUpperInvariant(to[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(changed, Math.Min(row[j - 1], row[j]) + 1);
            }
        }

        return row[^1];
    }
}
