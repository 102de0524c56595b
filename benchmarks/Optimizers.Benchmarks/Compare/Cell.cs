using Optimizers.Engine;

namespace Optimizers.Benchmarks;

/// <summary>Identifies one measured number: the work, its size and the contender.</summary>
/// <param name="Subject">The optimizer, or <see cref="Streams.Subject"/>.</param>
/// <param name="Work">One of <see cref="Benchmarks.Work"/>.</param>
/// <param name="N">The number of parameters.</param>
/// <param name="Tensors">The number of tensors.</param>
/// <param name="Threads">The maximum number of threads.</param>
/// <param name="Contender">One of <see cref="Contenders"/>.</param>
internal sealed record Cell(string Subject, string Work, long N, int Tensors, int Threads, string Contender)
{
    public string What => $"{Subject} {Work}";

    public override string ToString() =>
        $"{What}, {Contender}, n = {N:N0}{(Tensors > 1 ? $" in {Tensors} tensors" : "")}, {Threads} {(Threads == 1 ? "thread" : "threads")}";
}

/// <summary>The kinds of work.</summary>
internal static class Work
{
    /// <summary>Only the update.</summary>
    public const string Step = "step";

    /// <summary>Clipping to norm 1, the update, and zeroing the gradients.</summary>
    public const string Phase = "phase";

    /// <summary>The update while a thread of another program uses each processor all the time.</summary>
    public const string OnBusyProcessors = "step on busy processors";

    /// <summary>The update after 2,000 updates with zero gradients.</summary>
    public const string AfterZeros = "step after zeros";

    /// <summary>Creating the parameters and the optimizer of a model, and its first step.</summary>
    public const string SetUp = "set-up";

    /// <summary>The update of 1,000 random rows of a table of 1,000,000 rows. Each step uses other rows.</summary>
    public const string RowsOfMany = "1,000 rows of 1,000,000";

    /// <summary>The update of all rows of a table of 1,000 rows.</summary>
    public const string RowsOfFew = "1,000 rows of 1,000";

    /// <summary>A backward pass of a TorchSharp module, which is not timed; then clipping to norm 1, the update, and clearing the gradients.</summary>
    public static string PhaseOf(string model) => $"phase of {model}";

    /// <summary>Only reading and writing memory.</summary>
    public const string Stream = "stream";
}

/// <summary>The names of the contenders.</summary>
internal static class Contenders
{
    public const string Level1 = "level 1";
    public const string Level1BFloat16 = "level 1, bf16 state";
    public const string Level1Block8 = "level 1, 8-bit state";
    public const string Level2 = "level 2";
    public const string Module = "ModuleOptimizer";
    public const string TorchSharp = "TorchSharp";
    public const string Fused = "PyTorch fused";
    public const string Foreach = "PyTorch foreach";
    public const string C = "C";
    public const string TensorPrimitives = "TensorPrimitives";
    public const string Scalar = "scalar loop";
    public const string ByHand = "by hand, Vector512";

    public static bool AreTheLibrary(string contender) =>
        contender is Level1 or Level1BFloat16 or Level1Block8 or Level2 or Module;

    public static string Level1With(StateFormat format) => format switch
    {
        StateFormat.Float32 => Level1,
        StateFormat.BFloat16 => Level1BFloat16,
        StateFormat.Block8 => Level1Block8,
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "There is no contender with this state format."),
    };
}
