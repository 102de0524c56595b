namespace Optimizers;

/// <summary>
/// The number format in which state is kept between steps. A step always computes in float32. The other formats round state when
/// they store it, up or down at random (stochastic rounding), so that the mean is right. The bits are the same for every vector
/// width and thread count.
/// </summary>
/// <remarks>
/// With rounding to the nearest, an average with β = 0.999 would never move, because a thousandth is less than half a unit in the
/// last place. The random bits are a hash of the parameter's iteration, the index in the tensor and the slot, so a checkpoint
/// saves nothing for them. They depend on how a model is cut into tensors; float32 state does not.
/// </remarks>
[JsonConverter(typeof(JsonStringEnumConverter<StateFormat>))]
public enum StateFormat
{
    /// <summary>4 bytes an element, as computed. The default; all promises of accuracy are about this format.</summary>
    Float32,

    /// <summary>
    /// 2 bytes an element: 8 significant bits, with the range of float32. It halves the memory, and makes steps faster where
    /// memory bandwidth is the limit: large models on all cores. NaN and infinities are kept.
    /// </summary>
    BFloat16,

    /// <summary>
    /// 2 bytes an element: IEEE half precision, with 11 significant bits from 6e-5 to 65,504 and fewer bits down to 6e-8. A
    /// slot that is never negative (<see cref="StateSlot.NonNegative"/>) is stored as its square root, so squares of gradients
    /// have the same range as gradients. Use it if bfloat16 has too few bits and gradients are of moderate size. Larger
    /// numbers become 65,504; NaN and infinities are kept.
    /// </summary>
    Half,

    /// <summary>
    /// 1 byte an element, and one float for each block of 256: small floats with 4 significant bits, relative to the largest
    /// element of the block. Use it if memory is scarce. Signed slots reach down to 2⁻¹⁷ of the largest element; smaller values are
    /// rounded at random to 0 or to 2⁻¹⁷ of the largest. Slots that are never negative reach down to 2⁻³³, and a nonzero value never
    /// becomes 0. A NaN stays in its element and does not change the rest of its block; an infinity becomes a NaN. Tensors of
    /// fewer than 4,096 elements are kept in float32.
    /// </summary>
    Block8,
}
