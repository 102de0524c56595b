namespace Optimizers;

/// <summary>The options of <see cref="Lbfgs"/>.</summary>
public sealed record LbfgsOptions
{
    /// <summary>
    /// η, the step size of an iteration along its direction; with a line search, the first step size that the search tries.
    /// Finite, above 0; default 1, as in PyTorch, because the direction has the length of a Newton step.
    /// </summary>
    public double LearningRate { get; init; } = 1;

    /// <summary>The maximum number of iterations of a step. At least 1; default 20, as in PyTorch.</summary>
    public int MaximumIterations { get; init; } = 20;

    /// <summary>
    /// The number of evaluations after which a step begins no further iteration. A line search may use all remaining
    /// evaluations, and at least one. At least 1; default null, which means 1.25 × <see cref="MaximumIterations"/>, as in
    /// PyTorch.
    /// </summary>
    public int? MaximumEvaluations { get; init; }

    /// <summary>A step ends if no element of the gradient is larger than this. Finite, at least 0; default 1e-7, as in PyTorch.</summary>
    public double GradientTolerance { get; init; } = 1e-7;

    /// <summary>
    /// A step ends if an iteration moves no element by more than this, changes the loss by less than this, or has a direction
    /// along which the loss falls with a slope of less than this. Finite, at least 0; default 1e-9, as in PyTorch.
    /// </summary>
    public double ChangeTolerance { get; init; } = 1e-9;

    /// <summary>The number of earlier iterations from which the curvature is estimated. At least 1; default 100, as in PyTorch; 5 to 20 are usual.</summary>
    public int HistorySize { get; init; } = 100;

    /// <summary>The way to choose the step size of an iteration. Default: the learning rate, without a search, as in PyTorch.</summary>
    public LineSearch LineSearch { get; init; }

    internal static NamedType Named { get; } = new NamedType<LbfgsOptions>(nameof(Lbfgs), new LbfgsContract(), new LbfgsOptions());

    internal void Validate()
    {
        Require.Positive(LearningRate);
        Require.AtLeast(MaximumIterations, 1);
        Require.AtLeast(MaximumEvaluations ?? 1, 1, nameof(MaximumEvaluations));
        Require.NonNegative(GradientTolerance);
        Require.NonNegative(ChangeTolerance);
        Require.AtLeast(HistorySize, 1);
        Require.Defined(LineSearch);
    }
}

[JsonSerializable(typeof(LbfgsOptions), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class LbfgsContract : JsonSerializerContext;
