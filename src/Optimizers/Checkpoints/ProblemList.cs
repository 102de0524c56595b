namespace Optimizers;

/// <summary>What was found wrong: all of it, up to a number beyond which nobody reads, and a file could make it without end.</summary>
internal sealed class ProblemList
{
    private const int Most = 1_000;

    private readonly List<string> _problems = [];
    private int _more;

    public bool IsEmpty => _problems.Count == 0;

    public IReadOnlyList<string> All => _more == 0 ? _problems : [.. _problems, $"and {_more} more"];

    public void Add(string problem)
    {
        if (_problems.Count < Most)
        {
            _problems.Add(problem);
        }
        else
        {
            _more++;
        }
    }
}
