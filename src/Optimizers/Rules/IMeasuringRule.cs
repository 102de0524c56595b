namespace Optimizers.Rules;

/// <summary>
/// A rule that needs two sums over its tensor, or over all tensors of its group, before it can update: the first pass
/// measures, the second pass applies. Implement one of the interfaces with the number of state slots in its name,
/// <see cref="IMeasuringRule0{TSelf}"/> to <see cref="IMeasuringRule4{TSelf}"/>, instead of this one.
/// </summary>
/// <typeparam name="TSelf">The rule itself.</typeparam>
public interface IMeasuringRule<TSelf> : IUpdateRule<TSelf>
    where TSelf : struct, IMeasuringRule<TSelf>
{
    /// <summary>
    /// Selects the pass in which the state changes. True: the first pass; the second pass then receives the state that the
    /// first has written, and a gradient of 0, so the gradient is not read again. False: the second pass; both passes then
    /// receive the gradient and the state before the step. Values that the other pass assigns to slots are lost.
    /// </summary>
    static abstract bool MeasuringChangesState { get; }

    /// <summary>Whether the sums are over the squares of the measured values; if false, over the values themselves. Default
    /// true.</summary>
    static virtual bool SumsSquares => true;

    /// <summary>
    /// Whether the sums are over all tensors of the group that take part in the step. All these tensors then have the same
    /// state scalars. Default false: each tensor has its own sums. An <see cref="Optimizer"/> is a group of one tensor.
    /// </summary>
    static virtual bool IsOfGroup => false;

    /// <summary>
    /// Returns a copy of the rule with the values that its second pass computes from the sums. Called on the thread that
    /// calls <c>Step</c>, once for each tensor, between the two passes.
    /// </summary>
    /// <param name="sums">The sums over the tensor, or over its group, in double.</param>
    /// <param name="scalars">The state scalars, as <see cref="RuleFactory{TRule}"/> has set them. The rule may change them;
    /// the changes take effect when the step is applied. If a group shares its scalars, all its tensors must change them in
    /// the same way.</param>
    TSelf WithSums(in MeasuredSums sums, Span<double> scalars);

    static bool IUpdateRule<TSelf>.Measures => true;

    /// <summary>The magnitude of the values that the rule computes in float from its scalars; 0 if they stay in double.</summary>
    internal static virtual double MagnitudeOf(ReadOnlySpan<double> scalars) => OverflowGuard.LargestOf(scalars);

    /// <summary>Returns a copy of the rule for a tensor of the given shape.</summary>
    internal static virtual TSelf For(in TSelf rule, in TensorShape shape) => rule;

    /// <summary>Reads the state at <paramref name="index"/>, measures, and writes the state back if it changes in this
    /// pass.</summary>
    internal static abstract void Measure<V, TStorage>(
        ref TSelf rule, V gradient, V parameter, in SlotAddresses slots, long index, out V first, out V second)
        where V : struct, ILane<V>
        where TStorage : struct, IStorage;
}

/// <summary>A measuring rule whose second pass subtracts a step from the parameter, so that it can be made cautious.</summary>
/// <typeparam name="TSelf">The rule itself.</typeparam>
public interface ISteppingRule<TSelf> : IMeasuringRule<TSelf>
    where TSelf : struct, ISteppingRule<TSelf>
{
    /// <summary>Applies the rule's own weight decay to the parameter. Default: no decay.</summary>
    /// <param name="rule">The rule, with its sums.</param>
    /// <param name="parameter">The parameter.</param>
    static virtual V Kept<V>(in TSelf rule, V parameter)
        where V : struct, ILane<V> =>
        parameter;

    /// <summary>
    /// Computes the step that is subtracted. Reads the state at <paramref name="index"/>, and writes it back if it changes in
    /// this pass.
    /// </summary>
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
/// <param name="First">The sum of the first measured value.</param>
/// <param name="Second">The sum of the second measured value.</param>
/// <param name="Count">The number of measured elements.</param>
public readonly record struct MeasuredSums(double First, double Second, long Count)
{
    /// <summary>The sums of both measurements together.</summary>
    public static MeasuredSums operator +(MeasuredSums left, MeasuredSums right) => Add(left, right);

    /// <summary>The sums of both measurements together.</summary>
    public static MeasuredSums Add(MeasuredSums left, MeasuredSums right) =>
        new(left.First + right.First, left.Second + right.Second, left.Count + right.Count);
}
