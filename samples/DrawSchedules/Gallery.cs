using Optimizers;
using Optimizers.Charts;
using Optimizers.Schedules;

namespace DrawSchedules;

/// <summary>The pictures of docs/schedules.md: one for each schedule, and one of compositions.</summary>
internal static class Gallery
{
    private const int Wide = 520;
    private const int High = 170;

    private static readonly OneCycle _oneCycle = new(peak: 0.1, totalSteps: 900);
    private static readonly Cyclic _cyclic = new(@base: 0.01, peak: 0.1, stepsUp: 150, stepsDown: 100);

    /// <summary>The pictures by the names of their files.</summary>
    public static IReadOnlyDictionary<string, LineChart> Pictures { get; } = new (string File, LineChart Chart)[]
    {
        One(new Constant(0.1)),
        One(new StepDecay(0.1, stepSize: 300, gamma: 0.5)),
        One(new MultiStep(0.1, milestones: [500, 800], gamma: 0.3)),
        One(new Exponential(0.1, gamma: 0.997)),
        Several(
            nameof(ExponentialDecay),
            ("smooth", new ExponentialDecay(0.1, decaySteps: 200, decayRate: 0.5, begin: 100, floor: 0.01)),
            ("staircase", new ExponentialDecay(0.1, decaySteps: 200, decayRate: 0.5, staircase: true, begin: 100, floor: 0.01))),
        Several(
            nameof(InverseTime),
            ("smooth", new InverseTime(0.1, decaySteps: 200, decayRate: 1)),
            ("staircase", new InverseTime(0.1, decaySteps: 200, decayRate: 1, staircase: true))),
        One(new Linear(0.1, 0.01, steps: 700, begin: 100)),
        Several(
            nameof(Polynomial),
            ("power ½", new Polynomial(0.1, 0.01, power: 0.5, steps: 900)),
            ("power 1", new Polynomial(0.1, 0.01, power: 1, steps: 900)),
            ("power 3", new Polynomial(0.1, 0.01, power: 3, steps: 900))),
        One(new Cosine(0.1, steps: 900, floor: 0.01)),
        Several(
            nameof(CosineRestarts),
            ("equal cycles", new CosineRestarts(0.1, period: 250)),
            ("growing and lower", new CosineRestarts(0.1, period: 140, periodMultiplier: 2, peakMultiplier: 0.7))),
        One(new WarmupCosine(0.1, warmupSteps: 100, totalSteps: 900, floor: 0.01)),
        One(new WarmupLinear(0.1, warmupSteps: 100, totalSteps: 900)),
        One(new WarmupConstant(0.1, warmupSteps: 100)),
        Several(
            nameof(InverseSquareRoot),
            ("timescale 100", new InverseSquareRoot(0.1, warmupSteps: 100)),
            ("timescale 400", new InverseSquareRoot(0.1, warmupSteps: 100, timescale: 400))),
        One(new Noam(modelSize: 512, warmupSteps: 200)),
        Several(
            nameof(WarmupStableDecay),
            ("linear", new WarmupStableDecay(0.1, 100, 500, 300, 0.01)),
            ("cosine", new WarmupStableDecay(0.1, 100, 500, 300, 0.01, CurveShape.Cosine)),
            ("1 − √t", new WarmupStableDecay(0.1, 100, 500, 300, 0.01, CurveShape.InverseSquareRoot))),
        Several(
            nameof(OneCycle),
            ("two phases, cosine", _oneCycle),
            ("three phases, lines", new OneCycle(0.1, 900, shape: CurveShape.Linear, threePhase: true))),
        Momentum("OneCycleMomentum", "OneCycle.Momentum", _oneCycle.Momentum),
        Several(
            nameof(Cyclic),
            ("triangular", _cyclic),
            ("triangular2", new Cyclic(0.01, 0.1, 150, 100, CyclicMode.Triangular2)),
            ("exponential range", new Cyclic(0.01, 0.1, 150, 100, CyclicMode.ExponentialRange, gamma: 0.999))),
        Momentum("CyclicMomentum", "Cyclic.Momentum", _cyclic.Momentum),
        One(new PiecewiseConstant(boundaries: [100, 400, 800], values: [0.02, 0.1, 0.05, 0.01])),
        One(new Sequence([new WarmupConstant(0.1, 100), new Cosine(0.1, 300, 0.05), new Linear(0.05, 0, 200)], [300, 700])),
        One(new Tanh(0.1, steps: 900, floor: 0.001)),
        Several(
            nameof(SwaAnneal),
            ("cosine", new SwaAnneal(0.1, 0.02, annealSteps: 600)),
            ("linear", new SwaAnneal(0.1, 0.02, annealSteps: 600, CurveShape.Linear))),
        Plateau(),
        One(new FunctionSchedule(k => 0.05 * (1 + Math.Sin(k / 80.0))), nameof(FunctionSchedule)),
        Several(
            "Composed",
            ("Cosine", new Cosine(0.1, 800)),
            (".WithWarmup(100)", new Cosine(0.1, 800).WithWarmup(100)),
            (".Clamp(0.02, 0.08)", new Cosine(0.1, 800).Clamp(0.02, 0.08)),
            (".PerEpoch(150)", new Cosine(0.1, 800).PerEpoch(150))),
    }.ToDictionary(picture => $"{picture.File}.svg", picture => picture.Chart);

    /// <summary>Draws all pictures into a folder.</summary>
    public static void DrawInto(DirectoryInfo folder)
    {
        folder.Create();
        foreach ((string file, LineChart chart) in Pictures)
        {
            File.WriteAllText(Path.Combine(folder.FullName, file), $"{chart.ToSvg()}\n");
        }
    }

    private static (string File, LineChart Chart) One(ILrSchedule schedule, string? name = null) =>
        Several(name ?? schedule.GetType().Name, (name ?? schedule.GetType().Name, schedule));

    private static (string File, LineChart Chart) Several(string title, params (string Name, ILrSchedule Schedule)[] schedules) =>
        (title, SchedulePlot.Of(1_000, schedules) with { Title = title, PlotWidth = Wide, PlotHeight = High });

    private static (string File, LineChart Chart) Momentum(string file, string title, ILrSchedule momentum) =>
        (file, Several(title, (title, momentum)).Chart with { YLabel = "momentum" });

    // The rate after each of 1,001 losses, which hardly fall after the 300th.
    private static (string File, LineChart Chart) Plateau()
    {
        var plateau = new ReduceOnPlateau(0.1, factor: 0.5, patience: 60, threshold: 0.01, floor: 0.005);
        double[] rates = [.. Enumerable.Range(0, 1_001).Select(epoch => plateau.Observe(1 + Math.Exp(-epoch / 100.0)))];
        LineChart chart = Several(nameof(ReduceOnPlateau), (nameof(ReduceOnPlateau), new FunctionSchedule(k => rates[k]))).Chart;
        return (nameof(ReduceOnPlateau), chart with { XLabel = "epoch, of a loss that stops falling" });
    }
}
