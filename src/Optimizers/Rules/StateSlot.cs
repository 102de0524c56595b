namespace Optimizers.Rules;

/// <summary>A buffer of state: one float for each element of the parameter, or for each row or column of it.</summary>
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
    /// direction costs little, a rounded parameter is another model. Default false. Slots of rows and columns always are.
    /// </summary>
    public bool FullPrecision { get; init; }

    /// <summary>
    /// What the slot has one number for. Default <see cref="SlotExtent.Elements"/>; the others need a rule that implements
    /// <see cref="ILineRule{TSelf}"/>.
    /// </summary>
    public SlotExtent Extent { get; init; }
}

/// <summary>What a slot has one number for.</summary>
/// <remarks>
/// The last two dimensions of a tensor are the rows and columns of a matrix, and those before them number matrices, each with rows
/// and columns of its own. A tensor of fewer dimensions is one row, and each of its elements is a column.
/// </remarks>
public enum SlotExtent
{
    /// <summary>Each element.</summary>
    Elements,

    /// <summary>Each row.</summary>
    Rows,

    /// <summary>Each column.</summary>
    Columns,
}
