namespace Optimizers;

/// <summary>The number formats in which a <see cref="ParameterSet"/> stores the values and the gradients of its parameters.</summary>
/// <remarks>A step always computes in float32.</remarks>
public sealed record ParameterFormat
{
    /// <summary>The format of the values, which a forward pass reads. Default float32.</summary>
    public NumberFormat Values { get; init; }

    /// <summary>The format of the gradients, which a backward pass writes. Default float32.</summary>
    public NumberFormat Gradients { get; init; }

    /// <summary>How 16-bit values keep small updates. Values in float32 ignore it. Default a master copy in float32.</summary>
    public UpdatePrecision UpdatePrecision { get; init; }
}
