using System.Text;

namespace Optimizers.Checkpoints;

/// <summary>Makes text from a file safe for messages: short, on one line, and without control characters for the terminal.</summary>
internal static class Quoted
{
    private const int Longest = 120;

    public static string Name(string name)
    {
        var text = new StringBuilder("\"");
        foreach (char character in name.AsSpan(0, Math.Min(name.Length, Longest)))
        {
            if (char.IsControl(character) || char.IsSurrogate(character))
            {
                text.Append("\\u").Append(((int)character).ToString("x4", null));
            }
            else
            {
                text.Append(character);
            }
        }

        return text.Append(name.Length > Longest ? "…\"" : "\"").ToString();
    }

    public static string Shape<T>(IEnumerable<T> shape) => $"[{string.Join(", ", shape)}]";
}
