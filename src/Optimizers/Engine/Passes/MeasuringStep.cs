namespace Optimizers.Engine;

/// <summary>The step of a rule that measures its tensor, or its group, before the update.</summary>
internal class MeasuringStep<TRule>(MeasuringDefinition<TRule> definition, IOptimizerOptions options) : RuleStep<TRule>(definition, options)
    where TRule : struct, IMeasuringRule<TRule>
{
    private Measured[] _measured = new Measured[1];
    private MeasuredSums _ofGroup;

    public override bool Measures => true;

    public override bool MeasuringChangesState => TRule.MeasuringChangesState;

    public override bool MeasuringEndsGradient => TRule.MeasuringChangesState;

    public override void Clear()
    {
        base.Clear();
        _ofGroup = default;
    }

    // Every tensor has its own sums, so it needs its own rule.
    public override int AddRule(OptimizerState state, ReadOnlySpan<double> scalars)
    {
        if (RuleCount == _measured.Length)
        {
            Array.Resize(ref _measured, 2 * RuleCount);
        }

        int rule = Add(HistoryAfter(state), scalars);
        _measured[rule].Shape = state.Shape;
        this[rule] = TRule.For(this[rule], state.Shape);
        return rule;
    }

    public override void Advance()
    {
        base.Advance();
        for (int rule = 0; rule < RuleCount; rule++)
        {
            this[rule] = TRule.For(this[rule], _measured[rule].Shape);
        }

        _ofGroup = default;
    }

    public override void Measure(in TensorJob job, nuint start, nuint end, BlockSums sums, int widestLane) =>
        MeasuredBlocks.Run<MeasuringPass<TRule>>(
            new(this[job.Rule]), job, start, end, sums, TRule.SumsSquares, widestLane);

    public override void StoreSums(int rule, in MeasuredSums sums)
    {
        _measured[rule].Sums = sums;
        _ofGroup += sums;
    }

    public override void ApplySums(int rule) => this[rule] = this[rule].WithSums(SumsOf(rule), WritableScalarsAfter(rule));

    public override MeasuredSums SumsOf(int rule) => TRule.IsOfGroup ? _ofGroup : _measured[rule].Sums;

    public override void Apply(in TensorJob job, in StepTransforms transforms, nuint start, nuint end, int widestLane)
    {
        if (TRule.MeasuringChangesState)
        {
            KernelDispatch.ApplyWithoutGradient(this[job.Rule], job, transforms, start, end, widestLane);
        }
        else
        {
            KernelDispatch.Apply(this[job.Rule], job, transforms, start, end, widestLane);
        }
    }

    private struct Measured
    {
        public TensorShape Shape;
        public MeasuredSums Sums;
    }
}
