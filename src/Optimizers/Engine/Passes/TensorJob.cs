namespace Optimizers.Engine;

/// <summary>One tensor in one step, for the passes.</summary>
internal unsafe struct TensorJob
{
    public GroupStep Group;
    public TensorAddresses Addresses;
    public TensorShape Shape;

    /// <summary>The number of the rule in the group.</summary>
    public int Rule;

    /// <summary>The index of its first block among the blocks of the step.</summary>
    public int FirstBlock;

    /// <summary>The clip factor of this tensor's own gradients.</summary>
    public float ClipFactor;

    /// <summary>The format of the state, if a loop can use it in place.</summary>
    public StateFormat Format;

    /// <summary>The address for a rounded copy of the parameters; null if there is none.</summary>
    public BFloat16* RoundedCopy;

    /// <summary>The rows with a gradient, if only some rows have one; otherwise null.</summary>
    public SparseRows? Rows;

    /// <summary>State in a format that a loop cannot use in place; otherwise null.</summary>
    public Slot[]? Quantized;

    /// <summary>The operations around the rule.</summary>
    public readonly StepTransforms Transforms => ClipFactor == 1
        ? Group.Transforms
        : Group.Transforms with { Gradient = Group.Transforms.Gradient with { Scale = Group.Transforms.Gradient.Scale * ClipFactor } };

    /// <summary>Whether an update needs only one loop over the tensor.</summary>
    public readonly bool IsPlain => ClipFactor == 1 && RoundedCopy == null && Rows is null && Quantized is null && !Group.Transforms.NeedBlocks;
}
