namespace Optimizers;

/// <summary>The options of <see cref="Lbfgs"/>.</summary>
public sealed record LbfgsOptions
{
    /// <summary>
    /// η, how far an iteration goes along its direction, or what a line search tries first. Finite, above 0; default 1, as in
    /// PyTorch: the direction has the length of a Newton step.
    /// </summary>
    public double LearningRate { get; init; } = 1;

    /// <summary>The number of iterations of a step at most. At least 1; default 20, as in PyTorch.</summary>
    public int MaximumIterations { get; init; } = 20;

    /// <summary>
    /// The number of evaluations after which a step begins no further iteration, and a line search has at most as many as are
    /// left, but at least one. At least 1; default null, as in PyTorch: 1.25 × <see cref="MaximumIterations"/>.
    /// </summary>
    public int? MaximumEvaluations { get; init; }

    /// <summary>A step ends where no element of the gradient is larger. Finite, at least 0; default 1e-7, as in PyTorch.</summary>
    public double GradientTolerance { get; init; } = 1e-7;

    /// <summary>
    /// A step ends where an iteration moves no element further, changes the loss by less, or has a direction that promises
    /// less. Finite, at least 0; default 1e-9, as in PyTorch.
    /// </summary>
    public double ChangeTolerance { get; init; } = 1e-9;

    /// <summary>How many earlier iterations the curvature is taken from. At least 1; default 100, as in PyTorch; 5 to 20 are usual.</summary>
    public int HistorySize { get; init; } = 100;

    /// <summary>How an iteration finds out how far to go. Default none, as in PyTorch.</summary>
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
