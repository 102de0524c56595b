namespace Optimizers.Engine;

/// <summary>A 16-bit number format for the values or gradients of a parameter.</summary>
internal interface INumberCode : IStateCode
{
    /// <summary>The code of the nearest value that has one, ties to even, in the upper bits of an element.</summary>
    static abstract V Nearest<V>(V value)
        where V : struct, ILane<V>;
}
