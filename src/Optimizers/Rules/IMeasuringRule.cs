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
    /// The pass in which the state changes. True: the first, and the second reads the state as it then is and sees a gradient of 0.
    /// False: the second, which reads the gradient again; the first leaves the state as it is.
    /// </summary>
    static abstract bool MeasuringChangesState { get; }

    /// <summary>Whether the squares of what is measured are summed, or else the values themselves. Default true.</summary>
    static virtual bool SumsSquares => true;

    /// <summary>
    /// Whether the sums, and the scalars of state, are those of all tensors of the group that take part in the step. Default false.
    /// </summary>
    static virtual bool IsOfGroup => false;

    /// <summary>The same rule, which knows its sums. Called on the stepping thread, once for each tensor.</summary>
    /// <param name="sums">The sums, in double.</param>
    /// <param name="scalars">The scalars of state as <see cref="RuleFactory{TRule}"/> has left them; the rule may change them, and
    /// they count once the step is taken.</param>
    TSelf WithSums(in MeasuredSums sums, Span<double> scalars);

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
