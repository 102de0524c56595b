namespace Optimizers;

/// <summary>
/// The number format in which state is kept between steps. Whatever it is, a step computes in float32; state is rounded
/// when it is put away, up or down at random so that the mean is right, with the same bits at every vector width and
/// thread count.
/// </summary>
/// <remarks>
/// Rounding to the nearest would never let a mean with β = 0.999 move: a thousandth is less than half a unit in the last
/// place. The chance comes from a hash of the parameter's iteration, the index in the tensor and the slot, so there is
/// nothing to save. It depends on how a model is cut into tensors, which float32 state does not.
/// </remarks>
[JsonConverter(typeof(JsonStringEnumConverter<StateFormat>))]
public enum StateFormat
{
    /// <summary>4 bytes an element, as it is computed: the default, and what all promises of accuracy are about.</summary>
    Float32,

    /// <summary>
    /// 2 bytes an element; 8 significant bits, with the range of float32. Right for half the memory and a faster step where
    /// memory is what limits it: large models on all cores; NaN and infinities are kept.
    /// </summary>
    BFloat16,

    /// <summary>
    /// 2 bytes an element; IEEE's half, with 11 significant bits from 6e-5 to 65,504 and fewer down to 6e-8. A slot that is
    /// never negative (<see cref="StateSlot.NonNegative"/>) is kept as its root, so that squares of gradients have the range
    /// of gradients. Right where state needs more precision than bfloat16's and gradients are of moderate size. Larger
    /// numbers become 65,504; NaN and infinities are kept.
    /// </summary>
    Half,

    /// <summary>
    /// 1 byte an element and a float for each 256: small floats with 4 significant bits, relative to the largest of their
    /// block. Right where memory is what is scarce. Signed slots reach down to 2⁻¹⁷ of the largest, and below that become 0
    /// or that at random; slots that are never negative reach down to 2⁻³³, and what is not 0 never becomes 0. A NaN stays
    /// in its element and leaves its block alone; an infinity becomes a NaN. Tensors of fewer than 4,096 elements are kept
    /// in float32.
    /// </summary>
    Block8,
}
