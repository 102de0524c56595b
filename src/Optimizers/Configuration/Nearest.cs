namespace Optimizers;

/// <summary>Orders names by how few letters must be typed to come from another one to them.</summary>
internal static class Nearest
{
    public static IEnumerable<string> Order(IEnumerable<string> names, string to) =>
        names.OrderBy(name => Distance(name.ToUpperInvariant(), to.ToUpperInvariant())).ThenBy(name => name, StringComparer.Ordinal);

    /// <summary>Insertions, deletions, substitutions, and letters that have changed places with their neighbours.</summary>
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
