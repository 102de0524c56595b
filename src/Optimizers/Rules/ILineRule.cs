namespace Optimizers.Rules;

/// <summary>
/// What a rule adds to <see cref="IUpdateRule1{TSelf}"/>, <see cref="IUpdateRule2{TSelf}"/>, … to take a sum over each row or each
/// column of a tensor: a slot that has one number for each (<see cref="StateSlot.Extent"/>) takes the sum in before the step.
/// </summary>
/// <remarks>
/// <para><c>Apply</c> sees such a slot as any other: at each element it has the number of that element's row or column, as the sums
/// of this step have left it. What <c>Apply</c> writes to it is lost.</para>
/// <para>Sums are in double. Of each row they are taken in sixteen lanes; of each column over up to 16 parts of the rows. The order is
/// the same on every processor and number of threads.</para>
/// </remarks>
/// <typeparam name="TSelf">The rule itself.</typeparam>
public interface ILineRule<TSelf>
    where TSelf : struct, ILineRule<TSelf>
{
    /// <summary>The value of each element whose square is summed over its row and column.</summary>
    /// <param name="gradient">The gradient, unscaled and clipped, with a coupled decay.</param>
    V Term<V>(V gradient)
        where V : struct, ILane<V> =>
        gradient;

    /// <summary>The new number of one row or column. Called on the stepping thread.</summary>
    /// <param name="slot">The number of the slot, from 0, among all slots.</param>
    /// <param name="before">The number after the last update.</param>
    /// <param name="sumOfSquares">The sum of the squares over the row or column.</param>
    /// <param name="count">The number of elements in it.</param>
    double Average(int slot, float before, double sumOfSquares, int count);
}
