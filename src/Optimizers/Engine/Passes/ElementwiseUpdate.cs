namespace Optimizers.Engine;

/// <summary>Runs an element-wise rule.</summary>
internal sealed class ElementwiseUpdate<TRule> : IUpdate
    where TRule : struct, IUpdateRule<TRule>
{
    private readonly RuleWithHistory<TRule> _rule;
    private readonly RuleList<TRule> _rules;

    public ElementwiseUpdate(
        RuleWithHistory<TRule> rule, IReadOnlyList<StateScalar> scalars, StateSlot[] slots, int flushInterval)
    {
        RuleList<TRule>.CheckSlots(slots);
        _rule = rule;
        _rules = new RuleList<TRule>(rule, scalars);
        Slots = slots;
        FlushInterval = flushInterval;
    }

    public IReadOnlyList<StateSlot> Slots { get; }

    public IReadOnlyList<StateScalar> Scalars => _rules.Scalars;

    public int FlushInterval { get; }

    public IUpdate Cautious() => new MeasuringUpdate<CautiousRule<TRule>>(
        (step, scalars) => new CautiousRule<TRule>(_rule(step, scalars)), Scalars, [.. Slots]);

    public void Claim() => _rules.Claim();

    public void Clear() => _rules.Clear();

    // Tensors of one age and history share their rule.
    public int Prepare(TensorAge age, in TensorShape shape, ReadOnlySpan<double> scalars, GroupUpdate group) =>
        _rules.LastIsFor(age, scalars) ? _rules.Count - 1 : _rules.Add(age, scalars, group);

    public ReadOnlySpan<double> ScalarsAfter(int rule) => _rules.ScalarsAfter(rule);

    public long IterationOf(int rule) => _rules.IterationOf(rule);

    public void Advance(GroupUpdate group) => _rules.Advance(group);

    public void Apply(in TensorJob job, nuint start, nuint end, int widestLane)
    {
        // The interval was chosen by the momentum of the options, below which a schedule may go.
        int interval = job.Group.Momentum is null ? FlushInterval : 1;
        ElementwisePass.Apply(
            _rules[job.Rule], job, _rules.IterationOf(job.Rule), interval, start, end, widestLane);
    }
}
