namespace Optimizers.Rules;

/// <summary>A definition with a rule of a known type.</summary>
internal abstract class RuleDefinition<TRule> : OptimizerDefinition
    where TRule : struct, IUpdateRule<TRule>
{
    private protected RuleDefinition(
        RuleFactory<TRule> rule, IReadOnlyList<StateSlot> slots, IReadOnlyList<StateScalar> scalars, IMatrixDefinition? matrices)
        : base(TRule.SlotCount, typeof(TRule).Name, slots, scalars)
    {
        ArgumentNullException.ThrowIfNull(rule);
        CreateRule = rule;
        Matrices = matrices;

        // The loop would read the memory of such a slot as if it had one number for each element.
        if (matrices is null && slots.FirstOrDefault(slot => slot.Extent != SlotExtent.Elements) is { } slot)
        {
            string method = TRule.Measures ? nameof(MeasuringOfLines) : nameof(OfLines);
            throw new ArgumentException(
                $"The slot \"{slot.Name}\" has one number for each {(slot.Extent == SlotExtent.Rows ? "row" : "column")}, which needs sums over them. "
                + $"Implement {nameof(ILineRule<>)} and call {nameof(OptimizerDefinition)}.{method}.",
                nameof(slots));
        }
    }

    /// <summary>Creates the rule of a step.</summary>
    public RuleFactory<TRule> CreateRule { get; }
}

/// <summary>An element-wise optimizer.</summary>
internal class ElementwiseDefinition<TRule> : RuleDefinition<TRule>
    where TRule : struct, IUpdateRule<TRule>
{
    public ElementwiseDefinition(
        RuleFactory<TRule> rule, IReadOnlyList<StateSlot> slots, IReadOnlyList<StateScalar> scalars, IMatrixDefinition? matrices = null)
        : base(rule, slots, scalars, matrices)
    {
        if (TRule.Measures)
        {
            string method = matrices is null ? nameof(Measuring) : nameof(MeasuringOfLines);
            throw new ArgumentException(
                $"{typeof(TRule).Name} measures before it applies. Call {nameof(OptimizerDefinition)}.{method}.", nameof(rule));
        }
    }

    internal override GroupStep NewStep(IOptimizerOptions options) => new ElementwiseStep<TRule>(this, options);

    // Null for sums over rows or columns: they use the gradient only, and the counting pass and the applying pass would both
    // use their results in the state.
    internal override OptimizerDefinition? Cautious() => Matrices is not null ? null : new MeasuringDefinition<CautiousRule<TRule>>(
        (step, scalars) => new CautiousRule<TRule>(CreateRule(step, scalars)), Slots, Scalars);

    internal override TResult Accept<TResult>(IDefinitionVisitor<TResult> visitor) => visitor.Elementwise(this);
}

/// <summary>An element-wise optimizer whose state is flushed at intervals.</summary>
internal sealed class LightDefinition<TRule>(RuleFactory<TRule> rule, IReadOnlyList<StateSlot> slots)
    : ElementwiseDefinition<TRule>(rule, slots, [])
    where TRule : struct, IUpdateRule<TRule>
{
    internal override GroupStep NewStep(IOptimizerOptions options) => new LightStep<TRule>(this, options);
}

/// <summary>An optimizer that measures its tensor, or its group, before it applies.</summary>
internal class MeasuringDefinition<TRule>(
    RuleFactory<TRule> rule, IReadOnlyList<StateSlot> slots, IReadOnlyList<StateScalar> scalars, IMatrixDefinition? matrices = null)
    : RuleDefinition<TRule>(rule, slots, scalars, matrices)
    where TRule : struct, IMeasuringRule<TRule>
{
    internal override bool Measures => true;

    internal override bool SharesScalars => TRule.IsOfGroup;

    internal override double MagnitudeOf(ReadOnlySpan<double> scalars) => TRule.MagnitudeOf(scalars);

    internal override GroupStep NewStep(IOptimizerOptions options) => new MeasuringStep<TRule>(this, options);

    internal override OptimizerDefinition? Cautious() => null;

    internal override TResult Accept<TResult>(IDefinitionVisitor<TResult> visitor) => visitor.Measuring(this);
}

/// <summary>A measuring optimizer that subtracts a step from the parameter, so that it can be made cautious.</summary>
internal sealed class SteppingDefinition<TRule>(
    RuleFactory<TRule> rule, IReadOnlyList<StateSlot> slots, IReadOnlyList<StateScalar> scalars, IMatrixDefinition? matrices = null)
    : MeasuringDefinition<TRule>(rule, slots, scalars, matrices)
    where TRule : struct, ISteppingRule<TRule>
{
    private bool _cautious;

    internal override GroupStep NewStep(IOptimizerOptions options) =>
        _cautious ? new CautiousStep<TRule>(this, options) : base.NewStep(options);

    internal override OptimizerDefinition Cautious() =>
        new SteppingDefinition<TRule>(CreateRule, Slots, Scalars, Matrices) { _cautious = true };
}
