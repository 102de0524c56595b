namespace Optimizers;

/// <summary>The use of a part of the memory of a training run.</summary>
public enum MemoryKind
{
    /// <summary>The values of the parameters.</summary>
    Weights,

    /// <summary>The gradients of the parameters. Tables have none, because only some of their rows have a gradient.</summary>
    Gradients,

    /// <summary>The copy of 16-bit values in float32: see <see cref="UpdatePrecision.MasterCopy"/>.</summary>
    MasterCopy,

    /// <summary>The rounding errors of 16-bit values: see <see cref="UpdatePrecision.Compensation"/>.</summary>
    Compensation,

    /// <summary>A state slot of an optimizer.</summary>
    State,

    /// <summary>Memory that a step needs in addition, for products and sums of matrices. Checkpoints do not save it.</summary>
    Workspace,
}

/// <summary>A part of the memory of a training run: one row of a <see cref="MemoryPlan"/>.</summary>
public sealed record MemoryPart
{
    internal MemoryPart(MemoryKind kind, string name, string format, long bytes, long bytesPerRank)
    {
        Kind = kind;
        Name = name;
        Format = format;
        Bytes = bytes;
        BytesPerRank = bytesPerRank;
    }

    /// <summary>The use of the memory.</summary>
    public MemoryKind Kind { get; }

    /// <summary>What the memory holds, for example "weights" or "exp_avg". With several optimizers, the name of a slot begins with
    /// that of its group or its optimizer: "Muon momentum_buffer".</summary>
    public string Name { get; }

    /// <summary>The number format. A slot can have two, because small tensors are kept in float32 in
    /// <see cref="StateFormat.Block8"/>.</summary>
    public string Format { get; }

    /// <summary>The number of bytes of the whole model, if one rank has all of it.</summary>
    public long Bytes { get; }

    /// <summary>The number of bytes on each rank, rounded up.</summary>
    public long BytesPerRank { get; }
}
