namespace Optimizers.Rules;

/// <summary>
/// Sums over each row or each column of a tensor, for a rule that also implements <see cref="IUpdateRule1{TSelf}"/> to
/// <see cref="IUpdateRule4{TSelf}"/>, or <see cref="IMeasuringRule1{TSelf}"/> to <see cref="IMeasuringRule4{TSelf}"/>. A slot whose
/// <see cref="StateSlot.Extent"/> is rows or columns has one number for each of them, which is worked out from a sum before the
/// other methods of the rule see it.
/// </summary>
/// <remarks>
/// <para>The other methods get such a slot as any other: at each element it is the number of that element's row or column. A value
/// that they assign to it is lost.</para>
/// <para>Each slot of rows or columns takes one pass over the gradients. Sums are in double. They have the same bits on every
/// processor, at every lane width and number of threads.</para>
/// </remarks>
/// <typeparam name="TSelf">The rule itself.</typeparam>
public interface ILineRule<TSelf>
    where TSelf : struct, ILineRule<TSelf>
{
    /// <summary>Whether the squares of the terms are summed, or else the terms themselves. Default true.</summary>
    static virtual bool LineSumsSquares => true;

    /// <summary>The term of each element in the sum over its row or column.</summary>
    /// <param name="slot">The number of the slot that the sum is for, from 0, among all slots.</param>
    /// <param name="gradient">The gradient, unscaled and clipped, with a coupled decay.</param>
    /// <param name="parameter">The parameter, before a decoupled decay.</param>
    V Term<V>(int slot, V gradient, V parameter)
        where V : struct, ILane<V>;

    /// <summary>
    /// The new number of one row or column. Called on the stepping thread, for each row or column of each tensor that has elements.
    /// </summary>
    /// <param name="slot">The number of the slot, from 0, among all slots.</param>
    /// <param name="before">The number after the last update; <see cref="StateSlot.Initial"/> in the first.</param>
    /// <param name="sum">The sum over the row or column: of squares, unless <see cref="LineSumsSquares"/> is false.</param>
    /// <param name="count">The number of its elements, at least 1.</param>
    double LineValue(int slot, float before, double sum, int count);
}
