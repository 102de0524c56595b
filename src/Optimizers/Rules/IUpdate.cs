namespace Optimizers.Rules;

/// <summary>
/// A rule and its state slots, ready for the engine: what <see cref="IOptimizerOptions.CreateUpdate"/> gives. Make one
/// with <see cref="Update"/>.
/// </summary>
public interface IUpdate
{
    /// <summary>The state that the rule keeps.</summary>
    IReadOnlyList<StateSlot> Slots { get; }

    /// <summary>What the rule remembers of a whole tensor, beside its slots.</summary>
    IReadOnlyList<StateScalar> Scalars { get; }

    /// <summary>Whether the rule needs sums over the tensor, gathered in a pass of their own, before it can apply.</summary>
    internal bool Measures => false;

    /// <summary>Whether state changes in <see cref="Measure"/>, and no more in <see cref="Apply"/>.</summary>
    internal bool MeasuringChangesState => false;

    /// <summary>Whether the scalars of state are the same for all tensors of the group.</summary>
    internal bool SharesScalars => false;

    /// <summary>
    /// The magnitude that scalars of state add to those of gradients, parameters and slots, for
    /// <see cref="IOptimizerOptions.SafeMagnitude"/>. A rule may do anything with its scalars.
    /// </summary>
    internal double MagnitudeOf(ReadOnlySpan<double> scalars) => OverflowGuard.LargestOf(scalars);

    /// <summary>What is done with whole tensors between the passes; null: nothing.</summary>
    internal IMatrixWork? Matrices => null;

    /// <summary>Every how many updates denormal values in state are flushed; a power of two.</summary>
    internal int FlushInterval { get; }

    /// <summary>The same update, made cautious; null: this kind cannot be.</summary>
    internal IUpdate? Cautious() => null;

    /// <summary>Whether signs that agree are counted, in a pass of their own, before it applies.</summary>
    internal bool Counts => false;

    /// <summary>Counts the elements that will move, in blocks from <paramref name="start"/> to <paramref name="end"/>.</summary>
    internal void Count(in TensorJob job, nuint start, nuint end, Span<double> counts, Span<double> rest, int widestLane)
    {
    }

    /// <summary>Measures or counts.</summary>
    internal sealed void Gather(
        in TensorJob job, nuint start, nuint end, Span<double> first, Span<double> second, bool counting, int widestLane)
    {
        if (counting)
        {
            Count(job, start, end, first, second, widestLane);
        }
        else
        {
            Measure(job, start, end, first, second, widestLane);
        }
    }

    /// <summary>Takes the share of a rule's tensor that will move.</summary>
    internal void TakeShare(int rule, double share)
    {
    }

    /// <summary>Takes the update for one group of one optimizer: it holds the rules of that group's steps.</summary>
    /// <exception cref="InvalidOperationException">Another group or optimizer has it already.</exception>
    internal void Claim();

    /// <summary>Forgets the rules of the last step.</summary>
    internal void Clear();

    /// <summary>
    /// Works out the rule for a tensor that comes to an age in this step, and the scalars of state that it has after it.
    /// </summary>
    /// <returns>The number by which the passes refer to it.</returns>
    internal int Prepare(TensorAge age, in TensorShape shape, ReadOnlySpan<double> scalars, GroupUpdate group);

    /// <summary>The scalars of state after the step, for the tensors of a rule.</summary>
    internal ReadOnlySpan<double> ScalarsAfter(int rule);

    /// <summary>Which update of its tensor a rule is for.</summary>
    internal long IterationOf(int rule);

    /// <summary>Makes the rules of the last step those of the next, for tensors that have all become one update older.</summary>
    internal void Advance(GroupUpdate group);

    /// <summary>Gathers the sums of the blocks from <paramref name="start"/> to <paramref name="end"/>.</summary>
    internal void Measure(in TensorJob job, nuint start, nuint end, Span<double> first, Span<double> second, int widestLane)
    {
    }

    /// <summary>Takes the sums over a rule's tensor.</summary>
    internal void Collect(int rule, in MeasuredSums sums)
    {
    }

    /// <summary>Gives a rule its sums, when those of all tensors are there.</summary>
    internal void Conclude(int rule)
    {
    }

    /// <summary>The sums over a rule's tensor, or all of its group, once they were collected.</summary>
    internal MeasuredSums SumsOf(int rule) => default;

    /// <summary>Updates parameters and state from <paramref name="start"/> to <paramref name="end"/>.</summary>
    internal void Apply(in TensorJob job, nuint start, nuint end, int widestLane);
}

/// <summary>A buffer of state with one float per parameter element.</summary>
/// <param name="Name">The slot's name, as PyTorch has it where PyTorch has it: <c>exp_avg</c>, <c>momentum_buffer</c>, …</param>
/// <param name="Initial">What every element is before the first step.</param>
public sealed record StateSlot(string Name, float Initial = 0)
{
    /// <summary>
    /// Whether no element is ever negative, as with means and sums of squares. Declare every slot so that the rule divides by, or
    /// whose root it divides by. Default false.
    /// </summary>
    /// <remarks>
    /// <para>In <see cref="StateFormat.Half"/> and <see cref="StateFormat.Block8"/> the small elements of other slots become 0,
    /// which is right for a mean of gradients. Where the rule divides by them, the quotient then has nothing but ε to divide by,
    /// and training diverges. Elements of a slot that is declared so reach down much further, and do not become 0 in
    /// <see cref="StateFormat.Block8"/>; an element that is negative loses its sign in both formats.</para>
    /// <para>The library cannot see what a rule divides by. <see cref="OptimizerState.CheckSlots"/> names the slots that look as
    /// if they should be declared so, or should not.</para>
    /// </remarks>
    public bool NonNegative { get; init; }

    /// <summary>
    /// Whether the slot is kept in float32 whatever the <see cref="StateFormat"/>, as copies of parameters are: a rounded
    /// direction costs little, a rounded parameter is another model. Default false.
    /// </summary>
    public bool FullPrecision { get; init; }

    /// <summary>What the slot has one number for.</summary>
    internal SlotExtent Extent { get; init; }
}

/// <summary>A number that a rule remembers of a whole tensor, in double: what no formula gives from the iteration alone.</summary>
/// <param name="Name">The scalar's name, as PyTorch has it where PyTorch has it: <c>mu_product</c>, …</param>
/// <param name="Initial">What it is before the first step.</param>
public sealed record StateScalar(string Name, double Initial = 0);

/// <summary>Works out the rule of a step that depends on what was before.</summary>
/// <param name="step">The scalars of the step.</param>
/// <param name="scalars">The scalars of state, in the order in which they were named: as the tensor's last update has left
/// them, to be made what they are after this one. They count once the step is taken.</param>
/// <typeparam name="TRule">The rule.</typeparam>
public delegate TRule RuleWithHistory<TRule>(StepScalars step, Span<double> scalars)
    where TRule : struct, IUpdateRule<TRule>;

/// <summary>One tensor in one step, as the passes see it.</summary>
internal struct TensorJob
{
    public GroupUpdate Group;
    public TensorAddresses Addresses;
    public TensorShape Shape;
    public int Rule;

    // What this tensor's gradients alone are multiplied by to clip them.
    public float ClipFactor;

    public readonly Treatment Treatment => ClipFactor == 1
        ? Group.Treatment
        : Group.Treatment with { GradientScale = Group.Treatment.GradientScale * ClipFactor };

    /// <summary>The rows that alone have a gradient, if only some have; otherwise null.</summary>
    public SparseRows? Rows;

    /// <summary>The format of the state, where it is worked on in place.</summary>
    public StateFormat Format;

    /// <summary>State of a format that is not worked on in place; otherwise null.</summary>
    public Slot[]? Coded;

    /// <summary>The job for storage that rounds as befits an update.</summary>
    /// <param name="iteration">The number of the update.</param>
    /// <param name="slots">The number of slots that are written.</param>
    /// <param name="chances">Memory for <see cref="Chance.Room"/> numbers, for as long as the job is used.</param>
    public readonly unsafe TensorJob Rounding(long iteration, int slots, uint* chances)
    {
        TensorJob rounding = this;
        for (int slot = 0; slot < slots; slot++, chances += Lane16.Count)
        {
            var chance = Chance.For(iteration, slot);
            chance.WriteFirst(chances);
            rounding.Addresses.Slots[slot].FirstChances = chances;
            rounding.Addresses.Slots.Slope = chance.Slope;
        }

        return rounding;
    }
}

/// <summary>Makes updates out of rules.</summary>
public static class Update
{
    /// <summary>An element-wise update.</summary>
    /// <param name="rule">Works out the rule for the scalars of a step. Called on the stepping thread, as a rule once for
    /// all tensors of a group that are equally old; it must be a pure function. An exception of the rule itself reaches the
    /// caller of the step, which is then incomplete.</param>
    /// <param name="slots">The state slots, in the order in which the rule's <c>Apply</c> takes them.</param>
    /// <typeparam name="TRule">The rule.</typeparam>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">The number of slots is not the rule's, or a name is empty or repeated.</exception>
    public static IUpdate Elementwise<TRule>(Func<StepScalars, TRule> rule, params StateSlot[] slots)
        where TRule : struct, IUpdateRule<TRule> =>
        new ElementwiseUpdate<TRule>(WithoutHistory(rule), [], slots, flushInterval: 1);

    /// <summary>An element-wise update whose scalars depend on more than the number of the update and its rate.</summary>
    /// <param name="rule">As above; pure but for the scalars of state. Tensors of a group that are equally old and have the
    /// same scalars may share what it gives.</param>
    /// <param name="scalars">The scalars of state, in the order in which the rule takes them.</param>
    /// <param name="slots">The state slots, in the order in which the rule's <c>Apply</c> takes them.</param>
    /// <typeparam name="TRule">The rule.</typeparam>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">The number of slots is not the rule's, or a name is empty or repeated.</exception>
    public static IUpdate Elementwise<TRule>(
        RuleWithHistory<TRule> rule, IReadOnlyList<StateScalar> scalars, params StateSlot[] slots)
        where TRule : struct, IUpdateRule<TRule> =>
        new ElementwiseUpdate<TRule>(rule, scalars, slots, flushInterval: 1);

    /// <summary>
    /// For rules so light that the flush would show, and whose every slot decays by <paramref name="beta"/> at most.
    /// </summary>
    internal static IUpdate LightElementwise<TRule>(
        Func<StepScalars, TRule> rule, double beta, params StateSlot[] slots)
        where TRule : struct, IUpdateRule<TRule> =>
        new ElementwiseUpdate<TRule>(
            WithoutHistory(rule), [], slots, beta >= 0.5 ? EverySixteenthUpdate.Interval : 1);

    /// <summary>An update that needs sums over the tensor, or work on it as matrices, before it can apply.</summary>
    internal static IUpdate OfMatrices<TRule>(Func<StepScalars, TRule> rule, IMatrixWork matrices, params StateSlot[] slots)
        where TRule : struct, ISteppingRule<TRule> =>
        Measuring(WithoutHistory(rule), [], slots, matrices);

    /// <summary>An update that needs sums over the tensor before it can apply.</summary>
    internal static IUpdate MeasureThenApply<TRule>(Func<StepScalars, TRule> rule, params StateSlot[] slots)
        where TRule : struct, ISteppingRule<TRule> =>
        Measuring(WithoutHistory(rule), [], slots);

    /// <summary>The same with scalars of state.</summary>
    internal static IUpdate MeasureThenApply<TRule>(
        RuleWithHistory<TRule> rule, IReadOnlyList<StateScalar> scalars, params StateSlot[] slots)
        where TRule : struct, ISteppingRule<TRule> =>
        Measuring(rule, scalars, slots);

    private static MeasuringUpdate<TRule> Measuring<TRule>(
        RuleWithHistory<TRule> rule, IReadOnlyList<StateScalar> scalars, StateSlot[] slots, IMatrixWork? matrices = null)
        where TRule : struct, ISteppingRule<TRule> =>
        new(rule, scalars, slots, matrices)
        {
            MadeCautious = () => new CautiousUpdate<TRule>(new MeasuringUpdate<TRule>(rule, scalars, slots, matrices)),
        };

    private static RuleWithHistory<TRule> WithoutHistory<TRule>(Func<StepScalars, TRule> rule)
        where TRule : struct, IUpdateRule<TRule>
    {
        ArgumentNullException.ThrowIfNull(rule);
        return (step, _) => rule(step);
    }
}
