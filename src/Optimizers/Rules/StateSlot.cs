namespace Optimizers.Rules;

/// <summary>A state buffer: one float for each element of the parameter, or for each of its rows or columns.</summary>
/// <param name="Name">The name; PyTorch's name where PyTorch has this slot: <c>exp_avg</c>, <c>momentum_buffer</c>, …</param>
/// <param name="Initial">The value of every element before the first step.</param>
public sealed record StateSlot(string Name, float Initial = 0)
{
    /// <summary>
    /// Whether no element is ever negative, as in means and sums of squares. Set this on every slot that the rule divides by,
    /// or whose square root it divides by. Default false.
    /// </summary>
    /// <remarks>
    /// <para>In <see cref="StateFormat.Half"/> and <see cref="StateFormat.Block8"/>, small elements of other slots become 0.
    /// This is right for a mean of gradients. If the rule divides by such a slot, only ε is left as divisor, and training
    /// diverges. Elements of a NonNegative slot reach down to much smaller numbers, and never become 0 in
    /// <see cref="StateFormat.Block8"/>. A negative element of a NonNegative slot loses its sign in both formats.</para>
    /// <para>The library cannot find out which slots a rule divides by. <see cref="OptimizerState.CheckSlots"/> names the slots
    /// whose values suggest that this property is wrong.</para>
    /// </remarks>
    public bool NonNegative { get; init; }

    /// <summary>
    /// Whether the slot is kept in float32 in every <see cref="StateFormat"/>. Set this on copies of parameters: a rounded
    /// direction costs little, but a rounded parameter is another model. Default false. Slots of rows and columns are always
    /// kept in float32.
    /// </summary>
    public bool FullPrecision { get; init; }

    /// <summary>
    /// The part of the tensor to which one number of the slot belongs. Default <see cref="SlotExtent.Elements"/>; the other
    /// values need a rule that implements <see cref="ILineRule{TSelf}"/>.
    /// </summary>
    public SlotExtent Extent { get; init; }
}

/// <summary>The part of a tensor to which one number of a state slot belongs.</summary>
/// <remarks>
/// The last two dimensions of a tensor are the rows and columns of a matrix. The dimensions before them number the matrices; each
/// matrix has its own rows and columns. A tensor of fewer than two dimensions is one row, and each of its elements is a column.
/// </remarks>
public enum SlotExtent
{
    /// <summary>One number for each element.</summary>
    Elements,

    /// <summary>One number for each row.</summary>
    Rows,

    /// <summary>One number for each column.</summary>
    Columns,
}
