namespace Optimizers.Rules;

/// <summary>
/// A rule that needs two sums over its tensor, or over all tensors of its group, before it can apply: one pass measures, a second
/// applies. Implement one of the interfaces that name the number of state slots, <see cref="IMeasuringRule0{TSelf}"/> to
/// <see cref="IMeasuringRule4{TSelf}"/>, not this one.
/// </summary>
/// <typeparam name="TSelf">The rule itself.</typeparam>
public interface IMeasuringRule<TSelf> : IUpdateRule<TSelf>
    where TSelf : struct, IMeasuringRule<TSelf>
{
    /// <summary>
    /// The pass in which the state changes. True: the first; the second gets the state that the first has written, and a gradient of
    /// 0, which saves reading it again. False: the second; both passes get the gradient and the state before the step.
    /// In the other pass, values that are assigned to the slots are lost.
    /// </summary>
    static abstract bool MeasuringChangesState { get; }

    /// <summary>Whether the squares of what is measured are summed, or else the values themselves. Default true.</summary>
    static virtual bool SumsSquares => true;

    /// <summary>
    /// Whether the sums are over all tensors of the group that take part in the step, and the scalars of state the same for all of
    /// them. Default false: each tensor has its own. <see cref="Optimizer"/> is a group of one tensor.
    /// </summary>
    static virtual bool IsOfGroup => false;

    /// <summary>
    /// Returns the same rule with what its second pass needs of the sums. Called on the stepping thread, once for each tensor, between
    /// the two passes.
    /// </summary>
    /// <param name="sums">The sums over the tensor, or over its group, in double.</param>
    /// <param name="scalars">The scalars of state as <see cref="RuleFactory{TRule}"/> has left them. The rule may change them; they
    /// count once the step is taken. The tensors of a group that shares its scalars must change them alike.</param>
    TSelf WithSums(in MeasuredSums sums, Span<double> scalars);

    static bool IUpdateRule<TSelf>.Measures => true;

    /// <summary>The magnitude of what the rule computes in float from its scalars; 0 where they stay in double.</summary>
    internal static virtual double MagnitudeOf(ReadOnlySpan<double> scalars) => OverflowGuard.LargestOf(scalars);

    /// <summary>The same rule, for a tensor of a certain shape.</summary>
    internal static virtual TSelf For(in TSelf rule, in TensorShape shape) => rule;

    /// <summary>Reads the state at <paramref name="index"/>, measures and, if the state changes in this pass, writes it back.</summary>
    internal static abstract void Measure<V, TStorage>(
        ref TSelf rule, V gradient, V parameter, in SlotAddresses slots, long index, out V first, out V second)
        where V : struct, ILane<V>
        where TStorage : struct, IStorage;
}

/// <summary>A measuring rule whose second pass takes a step from the parameter, so that it can be made cautious.</summary>
/// <typeparam name="TSelf">The rule itself.</typeparam>
public interface ISteppingRule<TSelf> : IMeasuringRule<TSelf>
    where TSelf : struct, ISteppingRule<TSelf>
{
    /// <summary>What a weight decay of the rule's own leaves of the parameter. Default: all of it.</summary>
    /// <param name="rule">The rule, with its sums.</param>
    /// <param name="parameter">The parameter.</param>
    static virtual V Kept<V>(in TSelf rule, V parameter)
        where V : struct, ILane<V> =>
        parameter;

    /// <summary>The step that is subtracted; the state at <paramref name="index"/> is read and, if it changes now, written back.</summary>
    internal static abstract V Step<V, TStorage>(
        ref TSelf rule, V gradient, V parameter, in SlotAddresses slots, long index)
        where V : struct, ILane<V>
        where TStorage : struct, IStorage;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void IUpdateRule<TSelf>.Update<V, TStorage>(
        ref TSelf rule, V gradient, ref V parameter, in SlotAddresses slots, long index)
    {
        V step = TSelf.Step<V, TStorage>(ref rule, gradient, parameter, slots, index);
        parameter = TSelf.Kept(rule, parameter) - step;
    }
}

/// <summary>The sums of a measuring pass.</summary>
/// <param name="First">The sum over the first measured value.</param>
/// <param name="Second">The sum over the second.</param>
/// <param name="Count">The number of elements that were measured.</param>
public readonly record struct MeasuredSums(double First, double Second, long Count)
{
    /// <summary>The sums over both.</summary>
    public static MeasuredSums operator +(MeasuredSums left, MeasuredSums right) => Add(left, right);

    /// <summary>The sums over both.</summary>
    public static MeasuredSums Add(MeasuredSums left, MeasuredSums right) =>
        new(left.First + right.First, left.Second + right.Second, left.Count + right.Count);
}
