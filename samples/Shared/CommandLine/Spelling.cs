namespace Samples;

internal static class Spelling
{
    /// <summary>How many letters must be put in, taken out or changed to make one word the other, whatever their case.</summary>
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
