namespace Optimizers.Checkpoints;

/// <summary>
/// A checkpoint file cannot be used. Every invalid file causes this exception, and nothing has changed then.
/// A file that cannot be opened or read at all causes an <see cref="IOException"/> or an
/// <see cref="UnauthorizedAccessException"/>, as everywhere in .NET.
/// </summary>
public sealed class CheckpointException : Exception
{
    private const int MostListed = 100;

    /// <summary>Makes an exception about a damaged file.</summary>
    public CheckpointException()
        : this("The checkpoint file cannot be used.")
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
    /// <param name="innerException">The exception that revealed the damage.</param>
    public CheckpointException(string message, Exception? innerException)
        : base(message, innerException) => Problems = [message];

    internal CheckpointException(
        CheckpointFault fault, string summary, IReadOnlyList<string> problems, IReadOnlyList<string>? advice = null)
        : base(Listed(summary, problems, advice ?? []))
    {
        Fault = fault;
        Problems = problems;
    }

    /// <summary>The kind of fault.</summary>
    public CheckpointFault Fault { get; }

    /// <summary>All problems that were found, one line each. The message contains the first hundred.</summary>
    public IReadOnlyList<string> Problems { get; }

    private static string Listed(string summary, IReadOnlyList<string> problems, IReadOnlyList<string> advice)
    {
        IEnumerable<string> lines = problems.Take(MostListed).Select(problem => $"  {problem}");
        string[] rest = problems.Count > MostListed ? [$"  and {problems.Count - MostListed} more"] : [];
        return string.Join('\n', [summary, .. lines, .. rest, .. advice]);
    }
}

/// <summary>The kinds of fault of a checkpoint file.</summary>
public enum CheckpointFault
{
    /// <summary>The file is not in this format, or its content has changed since it was written. Try an older file.</summary>
    Damaged,

    /// <summary>The file is intact, but it belongs to a different model, different options or different parts.</summary>
    Different,

    /// <summary>The file has a version of the format that this version of the library does not know.</summary>
    Newer,
}
