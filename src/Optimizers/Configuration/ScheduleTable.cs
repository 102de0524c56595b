namespace Optimizers.Configuration;

/// <summary>The schedules by name. A new schedule needs a row here, and nothing else in this folder.</summary>
internal sealed class ScheduleTable
{
    public Row<Clamp> Clamp { get; } = new();

    public Row<Constant> Constant { get; } = new();

    public Row<Cosine> Cosine { get; } = new();

    public Row<CosineRestarts> CosineRestarts { get; } = new();

    public Row<Cyclic> Cyclic { get; } = new();

    public Row<Epochs> Epochs { get; } = new();

    public Row<Exponential> Exponential { get; } = new();

    public Row<ExponentialDecay> ExponentialDecay { get; } = new();

    public Row<InverseSquareRoot> InverseSquareRoot { get; } = new();

    public Row<InverseTime> InverseTime { get; } = new();

    public Row<Linear> Linear { get; } = new();

    public Row<MultiStep> MultiStep { get; } = new();

    public Row<Noam> Noam { get; } = new();

    public Row<OneCycle> OneCycle { get; } = new();

    public Row<PiecewiseConstant> PiecewiseConstant { get; } = new();

    public Row<Polynomial> Polynomial { get; } = new();

    public Row<Product> Product { get; } = new();

    // Its name is an init property.
    public Row<ReduceOnPlateau> ReduceOnPlateau { get; } = new(new ReduceOnPlateau(0));

    public Row<Sequence> Sequence { get; } = new();

    public Row<Shift> Shift { get; } = new();

    public Row<StepDecay> StepDecay { get; } = new();

    public Row<SwaAnneal> SwaAnneal { get; } = new();

    public Row<Tanh> Tanh { get; } = new();

    public Row<Warmup> Warmup { get; } = new();

    public Row<WarmupConstant> WarmupConstant { get; } = new();

    public Row<WarmupCosine> WarmupCosine { get; } = new();

    public Row<WarmupLinear> WarmupLinear { get; } = new();

    public Row<WarmupStableDecay> WarmupStableDecay { get; } = new();
}

/// <summary>The clips by name. A new clip needs a row here, and nothing else in this folder.</summary>
internal sealed class ClipTable
{
    public Row<AdaptiveClip> AdaptiveClip { get; } = new(new AdaptiveClip());

    public Row<ClipByGlobalNorm> ClipByGlobalNorm { get; } = new(new ClipByGlobalNorm());

    public Row<ClipByNorm> ClipByNorm { get; } = new(new ClipByNorm());

    public Row<ClipByValue> ClipByValue { get; } = new(new ClipByValue());
}
