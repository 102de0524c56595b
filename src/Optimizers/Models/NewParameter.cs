namespace Optimizers;

/// <summary>The buffers of a parameter that a set adds.</summary>
internal readonly unsafe struct NewParameter
{
    /// <summary>The values in float32: as such, or as a master copy; null if there are none.</summary>
    public float* Values { get; init; }

    /// <summary>The values in 16 bits; no buffer if there are none.</summary>
    public NumberBuffer Stored { get; init; }

    /// <summary>The rounding errors of values in 16 bits; no buffer if they are not kept.</summary>
    public NumberBuffer Errors { get; init; }

    public NumberBuffer Gradients { get; init; }

    public bool HasGradients { get; init; }

    public UpdatePrecision UpdatePrecision { get; init; }

    public bool IsTable { get; init; }

    public bool IsView { get; init; }
}
