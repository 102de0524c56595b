namespace Optimizers.Benchmarks;

/// <summary>One number of the comparison: what was done, on how much, by whom.</summary>
/// <param name="Subject">The optimizer, or <see cref="Streams.Subject"/>.</param>
/// <param name="Work">Out of <see cref="Benchmarks.Work"/>.</param>
/// <param name="N">The number of parameters.</param>
/// <param name="Tensors">In how many tensors they lie.</param>
/// <param name="Threads">The number of threads at most.</param>
/// <param name="Contender">Out of <see cref="Contenders"/>.</param>
internal sealed record Cell(string Subject, string Work, long N, int Tensors, int Threads, string Contender)
{
    public string What => $"{Subject} {Work}";

    public override string ToString() =>
        $"{What}, {Contender}, n = {N:N0}{(Tensors > 1 ? $" in {Tensors} tensors" : "")}, {Threads} {(Threads == 1 ? "thread" : "threads")}";
}

/// <summary>The kinds of work.</summary>
internal static class Work
{
    /// <summary>The update alone.</summary>
    public const string Step = "step";

    /// <summary>Clipping to norm 1, the update, and zeroing the gradients.</summary>
    public const string Phase = "phase";

    /// <summary>The update after 2,000 updates with zero gradients.</summary>
    public const string AfterZeros = "step after zeros";

    /// <summary>Reading and writing memory, and nothing else.</summary>
    public const string Stream = "stream";
}

/// <summary>Who competes.</summary>
internal static class Contenders
{
    public const string Level1 = "level 1";
    public const string Level2 = "level 2";
    public const string C = "C";
    public const string TensorPrimitives = "TensorPrimitives";
    public const string Scalar = "scalar loop";
    public const string ByHand = "by hand, Vector512";
}
