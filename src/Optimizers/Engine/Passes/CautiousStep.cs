namespace Optimizers.Engine;

/// <summary>
/// The cautious step of a measuring rule. Between the rule's two passes, a third pass counts the elements whose step agrees
/// with the gradient.
/// </summary>
/// <remarks>The decay inside the step of LAMB, LARS and NovoGrad is masked together with the step. A decay outside the step acts on
/// every element.</remarks>
internal sealed class CautiousStep<TRule>(SteppingDefinition<TRule> definition, IOptimizerOptions options)
    : MeasuringStep<TRule>(definition, options)
    where TRule : struct, ISteppingRule<TRule>
{
    private float[] _scales = new float[1];

    public override bool Counts => true;

    public override bool MeasuringEndsGradient => false;

    public override int AddRule(OptimizerState state, ReadOnlySpan<double> scalars)
    {
        int rule = base.AddRule(state, scalars);
        if (rule >= _scales.Length)
        {
            Array.Resize(ref _scales, 2 * rule);
        }

        return rule;
    }

    public override void Count(in TensorJob job, nuint start, nuint end, BlockSums counts, int widestLane) =>
        MeasuredBlocks.Run<CountingPass>(
            new(this[job.Rule]), job, start, end, counts, squares: false, widestLane);

    public override void SetMovingShare(int rule, double share) => _scales[rule] = Agreement.ScaleOf(share);

    public override void Apply(in TensorJob job, in StepTransforms transforms, nuint start, nuint end, int widestLane)
    {
        var pass = new SteppingPass(this[job.Rule], _scales[job.Rule]);
        if (TRule.MeasuringChangesState)
        {
            KernelDispatch.ApplyToRead(pass, job, transforms, start, end, widestLane);
        }
        else
        {
            KernelDispatch.Apply(pass, job, transforms, start, end, widestLane);
        }
    }

    /// <summary>Writes 1 to scratch for each element that will move, and 0 for the others.</summary>
    private struct CountingPass(TRule rule) : IBlockPass<CountingPass>
    {
        private TRule _rule = rule;

        public static int SlotCount => TRule.SlotCount;

        public static bool ChangesState => false;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static unsafe void Update<V, TStorage>(
            ref CountingPass pass, V gradient, ref V parameter, in SlotAddresses slots, long index)
            where V : struct, ILane<V>
            where TStorage : struct, IStorage
        {
            V step = TRule.Step<V, TStorage>(ref pass._rule, gradient, parameter, slots, index);
            V.Store(Agreement.IfMovingAgainst(gradient, -step, V.Splat(1), V.Splat(0)), slots.First + index);
            V.Store(V.Splat(0), slots.Second + index);
        }
    }

    /// <summary>Applies the steps.</summary>
    private struct SteppingPass(TRule rule, float scale) : IUpdateRule<SteppingPass>
    {
        private TRule _rule = rule;
        private float _scale = scale;

        public static int SlotCount => TRule.SlotCount;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Update<V, TStorage>(
            ref SteppingPass pass, V gradient, ref V parameter, in SlotAddresses slots, long index)
            where V : struct, ILane<V>
            where TStorage : struct, IStorage
        {
            V step = TRule.Step<V, TStorage>(ref pass._rule, gradient, parameter, slots, index);
            V taken = Agreement.IfMovingAgainst(gradient, -step, pass._scale * step, V.Splat(0));
            parameter = TRule.Kept(pass._rule, parameter) - taken;
        }
    }
}
