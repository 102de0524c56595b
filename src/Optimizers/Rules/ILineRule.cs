namespace Optimizers.Rules;

/// <summary>
/// Sums over each row or each column of a tensor. The rule also implements one of <see cref="IUpdateRule1{TSelf}"/> to
/// <see cref="IUpdateRule4{TSelf}"/>, or one of <see cref="IMeasuringRule1{TSelf}"/> to <see cref="IMeasuringRule4{TSelf}"/>.
/// A slot whose <see cref="StateSlot.Extent"/> is rows or columns has one number for each of them. This number is computed
/// from a sum before the other methods of the rule read it.
/// </summary>
/// <remarks>
/// <para>The other methods receive such a slot like any other slot: at each element they see the number of its row or column. A
/// value that they assign to it is lost.</para>
/// <para>Each slot of rows or columns needs one pass over the gradients. Sums are in double. They have the same bits on every
/// processor, at every lane width and for every number of threads.</para>
/// </remarks>
/// <typeparam name="TSelf">The rule itself.</typeparam>
public interface ILineRule<TSelf>
    where TSelf : struct, ILineRule<TSelf>
{
    /// <summary>Whether the sum is over the squares of the terms; if false, over the terms themselves. Default true.</summary>
    static virtual bool LineSumsSquares => true;

    /// <summary>The term of each element in the sum over its row or column.</summary>
    /// <param name="slot">The number of the slot that uses the sum, from 0, among all slots.</param>
    /// <param name="gradient">The gradient, unscaled and clipped, including a coupled decay.</param>
    /// <param name="parameter">The parameter, before a decoupled decay.</param>
    V Term<V>(int slot, V gradient, V parameter)
        where V : struct, ILane<V>;

    /// <summary>
    /// Computes the new number of one row or column. Called on the thread that calls <c>Step</c>, for each row or column of
    /// each nonempty tensor.
    /// </summary>
    /// <param name="slot">The number of the slot, from 0, among all slots.</param>
    /// <param name="before">The number after the last update; <see cref="StateSlot.Initial"/> at the first update.</param>
    /// <param name="sum">The sum over the row or column: of squares, unless <see cref="LineSumsSquares"/> is false.</param>
    /// <param name="count">The number of elements in the row or column, at least 1.</param>
    double LineValue(int slot, float before, double sum, int count);
}
