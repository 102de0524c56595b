namespace Optimizers.Engine;

/// <summary>
/// A 16-bit number format for the values of a state slot. In a lane, a code is in the upper bits of an element. The lower bits are
/// zero when it is read; when it is written they may have any value.
/// </summary>
internal interface IStateCode
{
    /// <summary>The exact value of a code.</summary>
    static abstract V Decode<V>(V code)
        where V : struct, ILane<V>;

    /// <summary>
    /// The code of the nearest smaller or the nearest larger value that has one. The 32 dither bits choose: the share of them that choose
    /// the larger value is proportional to how close the value is to it. A value that has a code gets that code.
    /// </summary>
    static abstract V Encode<V>(V value, V dither)
        where V : struct, ILane<V>;
}

/// <summary>An 8-bit format for multiples of a scale. Each block has its own scale, which depends on its largest value.</summary>
internal interface IBlockCode
{
    /// <summary>The largest value with a code, at scale 1. The smallest value above 0 is <see cref="ByteCode.Least"/>.</summary>
    static abstract float Largest { get; }

    /// <summary>The sign bit of a code, at the upper end of an element; 0 if codes have no sign.</summary>
    static abstract uint Sign { get; }

    /// <inheritdoc cref="IStateCode.Decode"/>
    static abstract V Decode<V>(V code, V scale)
        where V : struct, ILane<V>;

    /// <summary>The smallest magnitude below which a value is encoded as 0.</summary>
    static abstract float FlushAtLeast { get; }

    /// <inheritdoc cref="IStateCode.Encode"/>
    static abstract V Encode<V>(V value, V inverseScale, V flushBelow, bool isFinite, V dither)
        where V : struct, ILane<V>;
}
