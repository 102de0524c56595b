namespace Optimizers.Checkpoints;

/// <summary>The problems found in a file, up to a limit, because an invalid file can cause any number of problems.</summary>
internal sealed class ProblemList
{
    private const int Most = 1_000;

    private readonly List<string> _problems = [];
    private readonly List<string> _advice = [];
    private int _more;

    public bool IsEmpty => _problems.Count == 0;

    public IReadOnlyList<string> All => _more == 0 ? _problems : [.. _problems, $"and {_more} more"];

    /// <summary>What to do about the problems; each advice occurs once.</summary>
    public IReadOnlyList<string> Advice => _advice;

    public void Add(string problem, string? advice = null)
    {
        if (advice is not null && !_advice.Contains(advice))
        {
            _advice.Add(advice);
        }

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
