namespace Optimizers.Checkpoints;

/// <summary>
/// A file that cannot be used, and why: the only exception that a bad file is refused with. Nothing has been changed then.
/// Files that cannot be opened or read at all give an <see cref="IOException"/> or an
/// <see cref="UnauthorizedAccessException"/>, as everywhere in .NET.
/// </summary>
public sealed class CheckpointException : Exception
{
    private const int MostListed = 100;

    /// <summary>Makes an exception about a damaged file.</summary>
    public CheckpointException()
        : this("The file cannot be used.")
    {
    }

    /// <summary>Makes an exception about a damaged file.</summary>
    /// <param name="message">What is wrong.</param>
    public CheckpointException(string message)
        : this(message, innerException: null)
    {
    }

    /// <summary>Makes an exception about a damaged file.</summary>
    /// <param name="message">What is wrong.</param>
    /// <param name="innerException">What it was found by.</param>
    public CheckpointException(string message, Exception? innerException)
        : base(message, innerException) => Problems = [message];

    internal CheckpointException(
        CheckpointFault fault, string summary, IReadOnlyList<string> problems, IReadOnlyList<string>? advice = null)
        : base(Listed(summary, problems, advice ?? []))
    {
        Fault = fault;
        Problems = problems;
    }

    /// <summary>What kind of trouble it is.</summary>
    public CheckpointFault Fault { get; }

    /// <summary>Everything that was found, one line each; the message has the first hundred.</summary>
    public IReadOnlyList<string> Problems { get; }

    private static string Listed(string summary, IReadOnlyList<string> problems, IReadOnlyList<string> advice)
    {
        IEnumerable<string> lines = problems.Take(MostListed).Select(problem => $"  {problem}");
        string[] rest = problems.Count > MostListed ? [$"  and {problems.Count - MostListed} more"] : [];
        return string.Join('\n', [summary, .. lines, .. rest, .. advice]);
    }
}

/// <summary>Why a file was refused.</summary>
public enum CheckpointFault
{
    /// <summary>It is not a file of this format, or not as it was written. An older one may still be good.</summary>
    Damaged,

    /// <summary>It is in order, but of something else than what it was to be loaded into.</summary>
    Different,

    /// <summary>It is of a version of the format that this version of the library does not know.</summary>
    Newer,
}
