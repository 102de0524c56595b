namespace Optimizers.Engine;

/// <summary>
/// A number format of 16 bits: what stands in a state slot for a value. A code is the upper bits of an element; below it there
/// are zeros when it is read, and anything when it is written.
/// </summary>
internal interface IStateCode
{
    /// <summary>The value that a code stands for, exactly.</summary>
    static abstract V Decode<V>(V code)
        where V : struct, ILane<V>;

    /// <summary>
    /// The code of the next smaller or the next larger value that has one, so that of all dither bits, which are 32, as many
    /// lead to the larger one as the value is near to it. A value that has a code gets that one.
    /// </summary>
    static abstract V Encode<V>(V value, V dither)
        where V : struct, ILane<V>;
}

/// <summary>A format of 8 bits for multiples of a scale, which is chosen for each block by the largest value in it.</summary>
internal interface IBlockCode
{
    /// <summary>The largest value with a code, at scale 1; the least that is not 0 is <see cref="ByteCode.Least"/>.</summary>
    static abstract float Largest { get; }

    /// <inheritdoc cref="IStateCode.Decode"/>
    static abstract V Decode<V>(V code, V scale)
        where V : struct, ILane<V>;

    /// <inheritdoc cref="IStateCode.Encode"/>
    static abstract V Encode<V>(V value, V inverseScale, V dither)
        where V : struct, ILane<V>;
}
