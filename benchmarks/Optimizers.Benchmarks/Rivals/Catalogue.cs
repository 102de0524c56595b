using Optimizers.Engine;
using Optimizers.Rules;

namespace Optimizers.Benchmarks;

/// <summary>The table of all timed optimizers. A new optimizer needs one more row. A rival that a row leaves out is not timed.</summary>
internal static class Catalogue
{
    public static IReadOnlyList<OptimizerRow> Rows { get; } =
    [
        new("Sgd", new SgdOptions())
        {
            Kernel = "sgd", Scalar = ScalarLoops.Sgd, Composition = Compositions.Sgd,
        },
        Row("Momentum", new MomentumOptions(), (o, step) => KernelScalars.Of(step).WithBetas(o.Momentum, 0)) with
        {
            Kernel = "momentum", Scalar = ScalarLoops.Momentum, Composition = Compositions.Momentum,
        },
        Row("Nesterov", new NesterovOptions(), (o, step) => KernelScalars.Of(step).WithBetas(o.Momentum, 0)) with
        {
            Kernel = "nesterov", Scalar = ScalarLoops.Nesterov, Composition = Compositions.Nesterov,
        },
        Row("AdaGrad", new AdaGradOptions(), (o, step) => KernelScalars.Of(step) with { Epsilon = (float)o.Epsilon }) with
        {
            Kernel = "adagrad", Scalar = ScalarLoops.AdaGrad, Composition = Compositions.AdaGrad,
        },
        Row("RmsProp", new RmsPropOptions(), (o, step) => KernelScalars.Of(step).WithBetas(0, o.Rho) with { Epsilon = (float)o.Epsilon }) with
        {
            Kernel = "rmsprop", Scalar = ScalarLoops.RmsProp, Composition = Compositions.RmsProp,
        },
        Row("Adam", new AdamOptions(), (o, step) => KernelScalars.OfMoments(step, o.Beta1, o.Beta2, o.Epsilon)) with
        {
            Kernel = "adam", Scalar = ScalarLoops.Adam, Composition = Compositions.Adam,
        },
        Row("AdamW", new AdamWOptions(), (o, step) => KernelScalars.OfMoments(step, o.Beta1, o.Beta2, o.Epsilon)) with
        {
            Kernel = "adamw", Scalar = ScalarLoops.AdamW, Composition = Compositions.AdamW, ByHand = HandWritten.AdamW,
        },
        new("SparseAdam", new SparseAdamOptions()),
        Row("RAdam", new RAdamOptions(), (o, step) => KernelScalars.OfRectified(step, o)) with
        {
            Kernel = "adam", Scalar = ScalarLoops.Adam, Composition = Compositions.RAdam,
        },
        Row("Lion", new LionOptions(), (o, step) => KernelScalars.Of(step).WithBetas(o.Beta1, o.Beta2)) with
        {
            Kernel = "lion", Scalar = ScalarLoops.Lion, Composition = Compositions.Lion, ByHand = HandWritten.Lion,
        },
        Row("Lamb", new LambOptions { WeightDecay = 0.01 }, (o, step) => KernelScalars.OfMoments(step, o.Beta1, o.Beta2, o.Epsilon)) with
        {
            Kernel = "lamb", Scalar = ScalarLoops.Lamb, Composition = Compositions.Lamb,
        },
        new("Lars", new LarsOptions { WeightDecay = 0.01 }),
        new("NovoGrad", new NovoGradOptions { WeightDecay = 0.01 }),
        new("Adafactor", new AdafactorOptions()),
        new("Prodigy", new ProdigyOptions()),
        new("AdamW, cautious", new AdamWOptions { Cautious = true }),
        Row("AdaDelta", new AdaDeltaOptions(), (o, step) =>
            KernelScalars.Of(step).WithBetas(0, o.Rho) with { Epsilon = (float)o.Epsilon }) with
        {
            Scalar = ScalarLoops.AdaDelta,
        },
        Row("Adamax", new AdamaxOptions(), (o, step) =>
            KernelScalars.OfMoments(step, o.Beta1, o.Beta2, o.Epsilon)) with
        {
            Scalar = ScalarLoops.Adamax,
        },
        Row("NAdam", new NAdamOptions(), (o, step) => KernelScalars.OfNesterov(step, o)) with { Scalar = ScalarLoops.NAdam },
        Row("Rprop", new RpropOptions(), (o, step) => KernelScalars.OfStepSizes(step, o)) with { Scalar = ScalarLoops.Rprop },
        Row("Asgd", new AsgdOptions(), (o, step) => KernelScalars.OfFalling(step, o)) with { Scalar = ScalarLoops.Asgd },
        Row("AdaBelief", new AdaBeliefOptions(), (o, step) =>
            KernelScalars.OfMoments(step, o.Beta1, o.Beta2, o.Epsilon) with { Decay = (float)o.EpsilonRoot }) with
        {
            Scalar = ScalarLoops.AdaBelief,
        },
        Row("Yogi", new YogiOptions(), (o, step) =>
            KernelScalars.OfMoments(step, o.Beta1, o.Beta2, o.Epsilon)) with
        {
            Scalar = ScalarLoops.Yogi,
        },
        new("Adan", new AdanOptions()),
        new("AdEmaMix", new AdEmaMixOptions()),
        Row("Adopt", new AdoptOptions(), (o, step) =>
            KernelScalars.OfMoments(step, o.Beta1, o.Beta2, o.Epsilon)
                with { Scale = (float)Math.Sqrt(Math.Sqrt(step.Iteration - 1)) }) with
        {
            Scalar = ScalarLoops.Adopt,
        },
        new("SignSgd", new SignSgdOptions()) { Scalar = ScalarLoops.SignSgd },
        Row("Signum", new SignumOptions(), (o, step) =>
            KernelScalars.Of(step).WithBetas(o.Momentum, 0)) with
        {
            Scalar = ScalarLoops.Signum,
        },
        Row("Ftrl", new FtrlOptions(), (o, step) =>
            KernelScalars.Of(step) with { Scale = (float)(1 / step.LearningRate) }) with
        {
            Scalar = ScalarLoops.Ftrl,
        },
        Row("Sophia", new SophiaOptions(), (o, step) =>
            KernelScalars.Of(step).WithBetas(o.Beta1, o.Gamma) with { Epsilon = (float)o.Epsilon }) with
        {
            Scalar = ScalarLoops.Sophia,
        },
        Row("ScheduleFreeSgd", new ScheduleFreeSgdOptions(), (o, step) =>
            KernelScalars.OfAverage(step, o.Momentum, KernelScalars.Of(step))) with
        {
            Scalar = ScalarLoops.ScheduleFreeSgd,
        },
        Row("ScheduleFreeAdamW", new ScheduleFreeAdamWOptions(), (o, step) =>
            KernelScalars.OfAverage(step, o.Beta1, KernelScalars.OfMoments(step, o.Beta1, o.Beta2, o.Epsilon))) with
        {
            Scalar = ScalarLoops.ScheduleFreeAdamW,
        },
    ];

    public static OptimizerRow Row(string name) => Rows.Single(row => row.Name == name);

    private static OptimizerRow Row<TOptions>(
        string name, TOptions options, Func<TOptions, StepScalars, KernelScalars> scalars)
        where TOptions : IOptimizerOptions =>
        new(name, options) { ScalarsOf = step => scalars(options, step) };
}

/// <summary>Updates one tensor with the code of a rival.</summary>
internal delegate void Loop(in NativeTensor tensor, in KernelScalars scalars);

/// <summary>Updates one tensor with calls over whole spans.</summary>
internal delegate void Composition(in NativeTensor tensor, in KernelScalars scalars, Span<float> scratch);

/// <summary>One optimizer and its rivals.</summary>
internal sealed record OptimizerRow(string Name, IOptimizerOptions Options)
{
    private readonly GroupStep _step = GroupStep.Of(Options);

    /// <summary>The name of the function in Native/kernels.c.</summary>
    public string? Kernel { get; init; }

    public Loop? Scalar { get; init; }

    public Composition? Composition { get; init; }

    /// <summary>The hand-written loop for <see cref="System.Runtime.Intrinsics.Vector512{T}"/>.</summary>
    public Loop? ByHand { get; init; }

    /// <summary>Computes the scalars of a step for the rivals.</summary>
    public Func<StepScalars, KernelScalars> ScalarsOf { get; init; } = KernelScalars.Of;

    public int Slots => _step.Definition.Slots.Count;

    public int FlushInterval => _step.Definition.FlushInterval;

    /// <summary>
    /// The bytes that a step must read and write for each parameter. It reads p, g and the state, and writes p and the state. A rule that measures
    /// first reads p and the state once more. It also reads g once more if the measuring pass does not change the state.
    /// </summary>
    public double BytesOfStep => BytesOfStepWith(StateFormat.Float32);

    /// <summary>The bytes of clipping, step and zeroing. In addition to the step, the norm reads the gradient, and the zeros are written.</summary>
    public double BytesOfPhase => BytesOfStep + (2 * sizeof(float));

    /// <summary>The bytes of the step with state in another format.</summary>
    public double BytesOfStepWith(StateFormat format)
    {
        const int Many = 1 << 20;
        double slots = _step.Definition.Slots.Sum(slot => (double)Slot.RoomFor(slot, Many, format)) / Many;
        int reads = !_step.Measures ? 2 : _step.MeasuringChangesState ? 3 : 4;
        return (Math.Min(reads, 3) * slots) + ((reads + 1) * sizeof(float));
    }

    public KernelScalars ScalarsAt(long iteration)
    {
        var step = new StepScalars(iteration, Options.LearningRate, Options.WeightDecay);
        return ScalarsOf(step) with { Flush = iteration % FlushInterval == 0 ? 1 : 0 };
    }
}
