namespace Optimizers.Rules;

/// <summary>
/// Describes an optimizer: the state that it keeps, and how the rule of a step is created from the numbers of the step.
/// Immutable; all optimizers and groups with the same options can share one definition.
/// </summary>
/// <remarks><see cref="IOptimizerOptions.Define"/> returns one. It holds nothing of a step in progress.</remarks>
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
                $"The {nameof(StateSlot.Extent)} of the slot \"{unknown.Name}\" is {unknown.Extent}, which is not a {nameof(SlotExtent)}. Use {nameof(SlotExtent.Elements)}, {nameof(SlotExtent.Rows)} or {nameof(SlotExtent.Columns)}.", nameof(slots));
        }

        CheckNames("scalar", nameof(scalars), [.. scalars.Select(scalar => scalar?.Name)]);
        Slots = Array.AsReadOnly<StateSlot>([.. slots]);
        Scalars = Array.AsReadOnly<StateScalar>([.. scalars]);
    }

    /// <summary>The state slots, in the order in which the rule receives them.</summary>
    public IReadOnlyList<StateSlot> Slots { get; }

    /// <summary>The state scalars of a tensor: numbers that the rule keeps for the whole tensor, in addition to its
    /// slots.</summary>
    public IReadOnlyList<StateScalar> Scalars { get; }

    /// <summary>The number of updates between two flushes of denormal values in the state; a power of two.</summary>
    internal int FlushInterval { get; init; } = 1;

    /// <summary>The work on whole tensors between the passes; null if there is none.</summary>
    internal IMatrixDefinition? Matrices { get; private protected init; }

    /// <summary>Whether the rule needs sums over the tensor, from a separate pass, before it can apply.</summary>
    internal virtual bool Measures => false;

    /// <summary>Whether all tensors of a group have the same state scalars.</summary>
    internal virtual bool SharesScalars => false;

    /// <summary>Defines an element-wise optimizer.</summary>
    /// <param name="rule">Creates the rule of a step. Called on the thread that calls <c>Step</c>, once for all tensors of a
    /// group with the same number of updates. It must be a pure function. If it throws, nothing has changed.</param>
    /// <param name="slots">The state slots, in the order in which the rule's <c>Apply</c> receives them.</param>
    /// <typeparam name="TRule">The rule.</typeparam>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">The number of slots differs from the rule's, a name is empty or repeated, or a slot
    /// has one number for each row or column.</exception>
    public static OptimizerDefinition Elementwise<TRule>(Func<StepScalars, TRule> rule, params StateSlot[] slots)
        where TRule : struct, IUpdateRule<TRule> =>
        new ElementwiseDefinition<TRule>(WithoutScalars(rule), slots, []);

    /// <summary>Defines an element-wise optimizer with state scalars for each tensor.</summary>
    /// <param name="rule">Creates the rule of a step. It must be pure, except that it may change the state scalars. Tensors of
    /// a group with the same number of updates and the same scalars may share a rule.</param>
    /// <param name="scalars">The state scalars, in the order in which <paramref name="rule"/> receives them.</param>
    /// <param name="slots">The state slots, in the order in which the rule's <c>Apply</c> receives them.</param>
    /// <typeparam name="TRule">The rule.</typeparam>
    /// <inheritdoc cref="Elementwise{TRule}(Func{StepScalars, TRule}, StateSlot[])" path="/exception"/>
    public static OptimizerDefinition Elementwise<TRule>(
        RuleFactory<TRule> rule, IReadOnlyList<StateScalar> scalars, params StateSlot[] slots)
        where TRule : struct, IUpdateRule<TRule> =>
        new ElementwiseDefinition<TRule>(rule, slots, scalars);

    /// <summary>
    /// Defines an optimizer that needs two sums over each tensor, or over its group: the first pass measures, the second pass
    /// applies.
    /// </summary>
    /// <inheritdoc cref="Elementwise{TRule}(Func{StepScalars, TRule}, StateSlot[])"/>
    public static OptimizerDefinition Measuring<TRule>(Func<StepScalars, TRule> rule, params StateSlot[] slots)
        where TRule : struct, ISteppingRule<TRule> =>
        new SteppingDefinition<TRule>(WithoutScalars(rule), slots, []);

    /// <summary>Defines a measuring optimizer with state scalars, which the sums may change.</summary>
    /// <inheritdoc cref="Elementwise{TRule}(RuleFactory{TRule}, IReadOnlyList{StateScalar}, StateSlot[])"/>
    public static OptimizerDefinition Measuring<TRule>(
        RuleFactory<TRule> rule, IReadOnlyList<StateScalar> scalars, params StateSlot[] slots)
        where TRule : struct, ISteppingRule<TRule> =>
        new SteppingDefinition<TRule>(rule, slots, scalars);

    /// <summary>
    /// Defines an optimizer that needs a sum over each row or column of a tensor before it applies. Some of its slots have one
    /// number for each row or column (<see cref="StateSlot.Extent"/>).
    /// </summary>
    /// <inheritdoc cref="Elementwise{TRule}(Func{StepScalars, TRule}, StateSlot[])" path="/param|/typeparam"/>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">The number of slots differs from the rule's, a name is empty or repeated, no slot
    /// has one number for each row or column, or the rule is a measuring rule.</exception>
    public static OptimizerDefinition OfLines<TRule>(Func<StepScalars, TRule> rule, params StateSlot[] slots)
        where TRule : struct, IUpdateRule<TRule>, ILineRule<TRule> =>
        OfLines(WithoutScalars(rule), [], slots);

    /// <summary>Defines an optimizer that needs sums over rows or columns, with state scalars.</summary>
    /// <inheritdoc cref="Elementwise{TRule}(RuleFactory{TRule}, IReadOnlyList{StateScalar}, StateSlot[])" path="/param|/typeparam"/>
    /// <inheritdoc cref="OfLines{TRule}(Func{StepScalars, TRule}, StateSlot[])" path="/exception"/>
    public static OptimizerDefinition OfLines<TRule>(
        RuleFactory<TRule> rule, IReadOnlyList<StateScalar> scalars, params StateSlot[] slots)
        where TRule : struct, IUpdateRule<TRule>, ILineRule<TRule> =>
        new ElementwiseDefinition<TRule>(rule, slots, scalars, LineMoments<TRule>.For(slots));

    /// <summary>
    /// Defines an optimizer that first needs sums over each row or column, and then sums over each tensor or its group. The
    /// pass for the second sums reads the numbers of the rows and columns.
    /// </summary>
    /// <inheritdoc cref="Elementwise{TRule}(Func{StepScalars, TRule}, StateSlot[])" path="/param|/typeparam"/>
    /// <inheritdoc cref="OfLines{TRule}(Func{StepScalars, TRule}, StateSlot[])" path="/exception"/>
    public static OptimizerDefinition MeasuringOfLines<TRule>(Func<StepScalars, TRule> rule, params StateSlot[] slots)
        where TRule : struct, ISteppingRule<TRule>, ILineRule<TRule> =>
        MeasuringOfLines(WithoutScalars(rule), [], slots);

    /// <summary>
    /// Defines an optimizer with sums over rows or columns and over tensors or groups, and with state scalars that the latter
    /// may change.
    /// </summary>
    /// <inheritdoc cref="Elementwise{TRule}(RuleFactory{TRule}, IReadOnlyList{StateScalar}, StateSlot[])" path="/param|/typeparam"/>
    /// <inheritdoc cref="OfLines{TRule}(Func{StepScalars, TRule}, StateSlot[])" path="/exception"/>
    public static OptimizerDefinition MeasuringOfLines<TRule>(
        RuleFactory<TRule> rule, IReadOnlyList<StateScalar> scalars, params StateSlot[] slots)
        where TRule : struct, ISteppingRule<TRule>, ILineRule<TRule> =>
        new SteppingDefinition<TRule>(rule, slots, scalars, LineMoments<TRule>.For(slots));

    /// <summary>
    /// Defines a rule that is so cheap that a flush at every step would slow it down. The decay rate of every slot must be
    /// <paramref name="beta"/> or less.
    /// </summary>
    internal static OptimizerDefinition LightElementwise<TRule>(Func<StepScalars, TRule> rule, double beta, params StateSlot[] slots)
        where TRule : struct, IUpdateRule<TRule> =>
        new LightDefinition<TRule>(WithoutScalars(rule), slots)
        {
            FlushInterval = beta >= 0.5 ? EverySixteenthUpdate.Interval : 1,
        };

    /// <summary>Defines an optimizer that works on each tensor as matrices, before and after its measuring pass.</summary>
    internal static OptimizerDefinition OfMatrices<TRule>(Func<StepScalars, TRule> rule, IMatrixDefinition matrices, params StateSlot[] slots)
        where TRule : struct, ISteppingRule<TRule> =>
        new SteppingDefinition<TRule>(WithoutScalars(rule), slots, [], matrices);

    /// <summary>
    /// The magnitude that the state scalars add to the magnitudes of gradients, parameters and slots, for
    /// <see cref="IOptimizerOptions.SafeMagnitude"/>. An element-wise rule can compute anything from its scalars.
    /// </summary>
    internal virtual double MagnitudeOf(ReadOnlySpan<double> scalars) => OverflowGuard.LargestOf(scalars);

    /// <summary>The cautious form of the same optimizer; null if this kind has none.</summary>
    internal abstract OptimizerDefinition? Cautious();

    /// <summary>Calls a visitor with the type of the rule.</summary>
    internal abstract TResult Accept<TResult>(IDefinitionVisitor<TResult> visitor);

    /// <summary>Creates the steps of this optimizer on the processor.</summary>
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

/// <summary>Receives the type of a definition's rule, so that code other than a step on the processor can use the
/// formula.</summary>
internal interface IDefinitionVisitor<TResult>
{
    TResult Elementwise<TRule>(ElementwiseDefinition<TRule> definition)
        where TRule : struct, IUpdateRule<TRule>;

    TResult Measuring<TRule>(MeasuringDefinition<TRule> definition)
        where TRule : struct, IMeasuringRule<TRule>;
}
