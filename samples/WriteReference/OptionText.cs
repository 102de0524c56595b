using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace WriteReference;

/// <summary>The documentation of an option, divided into its parts.</summary>
/// <param name="Range">The accepted values.</param>
/// <param name="Source">The source of the default.</param>
/// <param name="Meaning">The rest of the text, which describes the effect of the option.</param>
internal sealed partial record OptionText(string Range, string Source, string Meaning)
{
    /// <summary>Divides a text into clauses. The first words of a clause decide its part.</summary>
    /// <param name="prose">Converts documentation to Markdown.</param>
    /// <param name="parts">Summary and remarks, or the text of a parameter.</param>
    public static OptionText Of(Prose prose, params XElement?[] parts)
    {
        var range = new List<string>();
        var source = new List<string>();
        var meaning = new List<string>();
        foreach (string sentence in parts.SelectMany(part => SentenceEnd().Split(prose.Line(part))))
        {
            var rest = new List<string>();
            foreach (string clause in ClauseEnd().Split(sentence.Trim().TrimEnd('.')).Where(clause => clause.Length > 0))
            {
                if (DefaultStart().Match(clause) is { Success: true } start)
                {
                    string origin = Unwrapped(clause[start.Length..].Trim(' ', ',', ':', '.'));
                    if (Provenance().IsMatch(origin))
                    {
                        source.Add(Means().Replace(origin, "null means "));
                    }
                    else if (origin.Length > 0)
                    {
                        rest.Add(Explained(origin));
                    }
                }
                else if (RangeStart().IsMatch(clause))
                {
                    range.Add(clause);
                }
                else
                {
                    Match end = RangeEnd().Match(clause);
                    rest.Add(end.Success ? clause[..end.Index] : clause);
                    range.AddRange(end.Success ? [end.Groups["range"].Value] : []);
                }
            }

            if (rest.Count > 0)
            {
                meaning.Add($"{Capital(string.Join("; ", rest))}.");
            }
        }

        return new OptionText(string.Join("; ", range.Select(Lower)), source.LastOrDefault() ?? "", string.Join(" ", meaning));
    }

    // The words behind "default 0.9, ".
    private static string Explained(string origin) =>
        Means().IsMatch(origin) ? $"default: {Means().Replace(origin, "")}"
        : origin.StartsWith("which ", StringComparison.Ordinal) ? $"the default {origin["which ".Length..]}"
        : origin.StartsWith("because ", StringComparison.Ordinal) ? $"this is the default {origin}"
        : $"default: {origin}";

    private static string Lower(string text) => text.Length == 0 ? "" : $"{char.ToLowerInvariant(text[0])}{text[1..]}";

    // Greek letters are symbols, so their case must not change.
    private static string Capital(string text) => char.IsAsciiLetter(text[0]) ? $"{char.ToUpperInvariant(text[0])}{text[1..]}" : text;

    // Removes brackets around a whole source, such as "(1 in the paper)", but not those of "as in PyTorch (0.9 in the lecture)".
    private static string Unwrapped(string text) =>
        text.StartsWith('(') && text.EndsWith(')') && text.IndexOf(')', StringComparison.Ordinal) == text.Length - 1 ? text[1..^1] : text;

    [GeneratedRegex(@"(?<=[\p{L}\p{N}\)`]\.)\s+(?=[\p{Lu}\[`])")]
    private static partial Regex SentenceEnd();

    [GeneratedRegex(@";\s+|:\s+(?=default\b)")]
    private static partial Regex ClauseEnd();

    // "default 0.9, as in the paper", "null, the default: as in PyTorch", "The default is 0.9, from the paper".
    [GeneratedRegex(
        @"^(?:null, )?(?:and )?(?:the )?default(?:s to| is|:)?(?:\s+(?:[−-]?\d[\d,_.e−-]*(?<![,.])|\[?`?(?:true|false|null|∞|(?-i:[A-Z])\w*(?:\.\w+)*)`?(?:\]\([^)]*\))?|""[^""]*""))?(?=$|[\s,(:;.])",
        RegexOptions.IgnoreCase)]
    private static partial Regex DefaultStart();

    [GeneratedRegex(
        @"^(?:finite|at least|at most|above|below|between|greater than|less than|more than|must be|not negative|positive|non-negative|(?:any |a )?(?:finite )?number from|from [−-]?\d|[−-]?\d+ to)\b",
        RegexOptions.IgnoreCase)]
    private static partial Regex RangeStart();

    // "The number of updates, at least 1".
    [GeneratedRegex(@",\s+(?<range>(?:finite|at least|at most|above|below|from)(?:$|[,\s]+[−-]?[\d`].*$))")]
    private static partial Regex RangeEnd();

    [GeneratedRegex("^which means ")]
    private static partial Regex Means();

    // Words that introduce the source of a default.
    [GeneratedRegex(@"\b(?:as in|as of|as for|from|following|papers?|PyTorch|optax|Keras|TensorFlow|authors|DeepSpeed|usual|lecture)\b")]
    private static partial Regex Provenance();
}
