namespace Optimizers.Rules;

/// <summary>
/// What an optimizer is: the state that it keeps, and how its rule is made from the numbers of a step. Immutable; every optimizer
/// and group with the same options may share one.
/// </summary>
/// <remarks><see cref="IOptimizerOptions.Define"/> returns one. A step in progress is no part of it.</remarks>
public abstract class OptimizerDefinition
{
    private protected OptimizerDefinition(
        int slotCount, string ruleName, IReadOnlyList<StateSlot> slots, IReadOnlyList<StateScalar> scalars)
    {
        ArgumentNullException.ThrowIfNull(slots);
        ArgumentNullException.ThrowIfNull(scalars);
        if (slots.Count != slotCount)
        {
            throw new ArgumentException(
                $"{ruleName} has {slotCount} state slots, but {slots.Count} were given. Give a {nameof(StateSlot)} for each.", nameof(slots));
        }

        CheckNames("slot", nameof(slots), [.. slots.Select(slot => slot?.Name)]);
        if (slots.FirstOrDefault(slot => !Enum.IsDefined(slot.Extent)) is { } unknown)
        {
            throw new ArgumentException(
                $"The {nameof(StateSlot.Extent)} of the slot \"{unknown.Name}\" is {unknown.Extent}, which is no {nameof(SlotExtent)}.", nameof(slots));
        }

        CheckNames("scalar", nameof(scalars), [.. scalars.Select(scalar => scalar?.Name)]);
        Slots = Array.AsReadOnly<StateSlot>([.. slots]);
        Scalars = Array.AsReadOnly<StateScalar>([.. scalars]);
    }

    /// <summary>The state slots, in the order in which the rule takes them.</summary>
    public IReadOnlyList<StateSlot> Slots { get; }

    /// <summary>What the rule remembers of a whole tensor, beside its slots.</summary>
    public IReadOnlyList<StateScalar> Scalars { get; }

    /// <summary>Every how many updates denormal values in state are flushed; a power of two.</summary>
    internal int FlushInterval { get; init; } = 1;

    /// <summary>What is done with whole tensors between the passes; null: nothing.</summary>
    internal IMatrixDefinition? Matrices { get; private protected init; }

    /// <summary>Whether the rule needs sums over the tensor, from a pass of their own, before it can apply.</summary>
    internal virtual bool Measures => false;

    /// <summary>Whether the scalars of state are the same for all tensors of a group.</summary>
    internal virtual bool SharesScalars => false;

    /// <summary>An element-wise optimizer.</summary>
    /// <param name="rule">Makes the rule of a step. Called on the stepping thread, once for all tensors of a group that are equally
    /// old; it must be a pure function. If it throws, nothing has changed.</param>
    /// <param name="slots">The state slots, in the order in which the rule's <c>Apply</c> takes them.</param>
    /// <typeparam name="TRule">The rule.</typeparam>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">The number of slots is not the rule's, a name is empty or repeated, or a slot has one
    /// number for each row or column.</exception>
    public static OptimizerDefinition Elementwise<TRule>(Func<StepScalars, TRule> rule, params StateSlot[] slots)
        where TRule : struct, IUpdateRule<TRule> =>
        new ElementwiseDefinition<TRule>(WithoutScalars(rule), slots, []);

    /// <summary>An element-wise optimizer that remembers scalars of each tensor.</summary>
    /// <param name="rule">Makes the rule of a step; pure but for the scalars of state. Tensors of a group that are equally old and
    /// have the same scalars may share a rule.</param>
    /// <param name="scalars">The scalars of state, in the order in which <paramref name="rule"/> takes them.</param>
    /// <param name="slots">The state slots, in the order in which the rule's <c>Apply</c> takes them.</param>
    /// <typeparam name="TRule">The rule.</typeparam>
    /// <inheritdoc cref="Elementwise{TRule}(Func{StepScalars, TRule}, StateSlot[])" path="/exception"/>
    public static OptimizerDefinition Elementwise<TRule>(
        RuleFactory<TRule> rule, IReadOnlyList<StateScalar> scalars, params StateSlot[] slots)
        where TRule : struct, IUpdateRule<TRule> =>
        new ElementwiseDefinition<TRule>(rule, slots, scalars);

    /// <summary>
    /// An optimizer that takes two sums over each tensor, or over its group, before it applies: one pass measures, a second applies.
    /// </summary>
    /// <inheritdoc cref="Elementwise{TRule}(Func{StepScalars, TRule}, StateSlot[])"/>
    public static OptimizerDefinition Measuring<TRule>(Func<StepScalars, TRule> rule, params StateSlot[] slots)
        where TRule : struct, ISteppingRule<TRule> =>
        new SteppingDefinition<TRule>(WithoutScalars(rule), slots, []);

    /// <summary>The same, with scalars of state that the sums may change.</summary>
    /// <inheritdoc cref="Elementwise{TRule}(RuleFactory{TRule}, IReadOnlyList{StateScalar}, StateSlot[])"/>
    public static OptimizerDefinition Measuring<TRule>(
        RuleFactory<TRule> rule, IReadOnlyList<StateScalar> scalars, params StateSlot[] slots)
        where TRule : struct, ISteppingRule<TRule> =>
        new SteppingDefinition<TRule>(rule, slots, scalars);

    /// <summary>
    /// An optimizer that takes a sum over each row or column of a tensor before it applies: some of its slots have one number for
    /// each (<see cref="StateSlot.Extent"/>).
    /// </summary>
    /// <inheritdoc cref="Elementwise{TRule}(Func{StepScalars, TRule}, StateSlot[])" path="/param|/typeparam"/>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">The number of slots is not the rule's, a name is empty or repeated, no slot has one
    /// number for each row or column, or the rule is a measuring rule.</exception>
    public static OptimizerDefinition OfLines<TRule>(Func<StepScalars, TRule> rule, params StateSlot[] slots)
        where TRule : struct, IUpdateRule<TRule>, ILineRule<TRule> =>
        OfLines(WithoutScalars(rule), [], slots);

    /// <summary>The same, with scalars of state.</summary>
    /// <inheritdoc cref="Elementwise{TRule}(RuleFactory{TRule}, IReadOnlyList{StateScalar}, StateSlot[])" path="/param|/typeparam"/>
    /// <inheritdoc cref="OfLines{TRule}(Func{StepScalars, TRule}, StateSlot[])" path="/exception"/>
    public static OptimizerDefinition OfLines<TRule>(
        RuleFactory<TRule> rule, IReadOnlyList<StateScalar> scalars, params StateSlot[] slots)
        where TRule : struct, IUpdateRule<TRule>, ILineRule<TRule> =>
        new ElementwiseDefinition<TRule>(rule, slots, scalars, LineMoments<TRule>.For(slots));

    /// <summary>
    /// An optimizer that takes sums over each row or column first, and then, in a pass that sees their numbers, sums over each
    /// tensor or over its group.
    /// </summary>
    /// <inheritdoc cref="Elementwise{TRule}(Func{StepScalars, TRule}, StateSlot[])" path="/param|/typeparam"/>
    /// <inheritdoc cref="OfLines{TRule}(Func{StepScalars, TRule}, StateSlot[])" path="/exception"/>
    public static OptimizerDefinition MeasuringOfLines<TRule>(Func<StepScalars, TRule> rule, params StateSlot[] slots)
        where TRule : struct, ISteppingRule<TRule>, ILineRule<TRule> =>
        MeasuringOfLines(WithoutScalars(rule), [], slots);

    /// <summary>The same, with scalars of state that the sums over a tensor or a group may change.</summary>
    /// <inheritdoc cref="Elementwise{TRule}(RuleFactory{TRule}, IReadOnlyList{StateScalar}, StateSlot[])" path="/param|/typeparam"/>
    /// <inheritdoc cref="OfLines{TRule}(Func{StepScalars, TRule}, StateSlot[])" path="/exception"/>
    public static OptimizerDefinition MeasuringOfLines<TRule>(
        RuleFactory<TRule> rule, IReadOnlyList<StateScalar> scalars, params StateSlot[] slots)
        where TRule : struct, ISteppingRule<TRule>, ILineRule<TRule> =>
        new SteppingDefinition<TRule>(rule, slots, scalars, LineMoments<TRule>.For(slots));

    /// <summary>
    /// For rules so light that the flush would show, and whose every slot decays by <paramref name="beta"/> at most.
    /// </summary>
    internal static OptimizerDefinition LightElementwise<TRule>(Func<StepScalars, TRule> rule, double beta, params StateSlot[] slots)
        where TRule : struct, IUpdateRule<TRule> =>
        new LightDefinition<TRule>(WithoutScalars(rule), slots)
        {
            FlushInterval = beta >= 0.5 ? EverySixteenthUpdate.Interval : 1,
        };

    /// <summary>An optimizer that works on each tensor as matrices, around its measuring pass.</summary>
    internal static OptimizerDefinition OfMatrices<TRule>(Func<StepScalars, TRule> rule, IMatrixDefinition matrices, params StateSlot[] slots)
        where TRule : struct, ISteppingRule<TRule> =>
        new SteppingDefinition<TRule>(WithoutScalars(rule), slots, [], matrices);

    /// <summary>
    /// The magnitude that scalars of state add to those of gradients, parameters and slots, for
    /// <see cref="IOptimizerOptions.SafeMagnitude"/>. An element-wise rule may do anything with its scalars.
    /// </summary>
    internal virtual double MagnitudeOf(ReadOnlySpan<double> scalars) => OverflowGuard.LargestOf(scalars);

    /// <summary>The same optimizer, made cautious; null: this kind cannot be.</summary>
    internal abstract OptimizerDefinition? Cautious();

    /// <summary>Leads a visitor to the rule's type.</summary>
    internal abstract TResult Accept<TResult>(IDefinitionVisitor<TResult> visitor);

    /// <summary>Leads to the steps of this optimizer on the processor.</summary>
    internal abstract GroupStep NewStep(IOptimizerOptions options);

    private static RuleFactory<TRule> WithoutScalars<TRule>(Func<StepScalars, TRule> rule)
        where TRule : struct, IUpdateRule<TRule>
    {
        ArgumentNullException.ThrowIfNull(rule);
        return (step, _) => rule(step);
    }

    private static void CheckNames(string what, string argument, string?[] names)
    {
        for (int i = 0; i < names.Length; i++)
        {
            if (string.IsNullOrEmpty(names[i]))
            {
                throw new ArgumentException($"{argument}[{i}] has no name. Give each {what} a name.", argument);
            }

            if (names.AsSpan(0, i).Contains(names[i]))
            {
                throw new ArgumentException($"Two {what}s are named \"{names[i]}\". Names must differ.", argument);
            }
        }
    }
}

/// <summary>Takes the rule's type from a definition: how something other than a step on the processor gets at the formula.</summary>
internal interface IDefinitionVisitor<TResult>
{
    TResult Elementwise<TRule>(ElementwiseDefinition<TRule> definition)
        where TRule : struct, IUpdateRule<TRule>;

    TResult Measuring<TRule>(MeasuringDefinition<TRule> definition)
        where TRule : struct, IMeasuringRule<TRule>;
}
