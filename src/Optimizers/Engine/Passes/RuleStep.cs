namespace Optimizers.Engine;

/// <summary>
/// A step with a specific type of rule. The list of rules grows to the largest number that a step needs, and does not shrink.
/// </summary>
internal abstract class RuleStep<TRule>(RuleDefinition<TRule> definition, IOptimizerOptions? options) : GroupStep(definition, options)
    where TRule : struct, IUpdateRule<TRule>
{
    private readonly RuleFactory<TRule> _createRule = definition.CreateRule;
    private AgedRule[] _rules = new AgedRule[1];

    /// <summary>The rule with a number.</summary>
    public ref TRule this[int rule] => ref _rules[rule].Rule;

    protected int RuleCount { get; private set; }

    public override void Clear() => RuleCount = 0;

    // Tensors with the same update history and the same scalars share a rule.
    public override int AddRule(OptimizerState state, ReadOnlySpan<double> scalars)
    {
        UpdateHistory history = HistoryAfter(state);
        return RuleCount > 0 && _rules[RuleCount - 1].History == history && (!HasScalars || scalars.SequenceEqual(_rules[RuleCount - 1].Before))
            ? RuleCount - 1
            : Add(history, scalars);
    }

    public override void Advance()
    {
        for (int rule = 0; rule < RuleCount; rule++)
        {
            Set(rule, After(_rules[rule].History));
        }
    }

    public override long IterationOf(int rule) => _rules[rule].History.Iteration;

    public override ReadOnlySpan<double> ScalarsAfter(int rule) => _rules[rule].After;

    protected Span<double> WritableScalarsAfter(int rule) => _rules[rule].After;

    protected int Add(UpdateHistory history, ReadOnlySpan<double> scalars)
    {
        if (RuleCount == _rules.Length)
        {
            Array.Resize(ref _rules, 2 * RuleCount);
        }

        if (HasScalars)
        {
            ref AgedRule rule = ref _rules[RuleCount];
            rule.Before ??= new double[Definition.Scalars.Count];
            rule.After ??= new double[Definition.Scalars.Count];
            scalars.CopyTo(rule.After);
        }

        Set(RuleCount, history);
        return RuleCount++;
    }

    private void Set(int index, UpdateHistory history)
    {
        ref AgedRule rule = ref _rules[index];
        rule.History = history;
        rule.After?.CopyTo(rule.Before!, 0);

        // A rule is a pure function of the scalars of the step, so two rules with the same history and without state scalars are equal.
        rule.Rule = index > 0 && !HasScalars && _rules[index - 1].History == history
            ? _rules[index - 1].Rule
            : _createRule(ScalarsOf(history), rule.After);
    }

    private struct AgedRule
    {
        public UpdateHistory History;
        public TRule Rule;

        // The state scalars before and after the update; null if there are none.
        public double[]? Before;
        public double[]? After;
    }
}
