namespace Optimizers.Engine;

/// <summary>One tensor in one step, as the passes see it.</summary>
internal unsafe struct TensorJob
{
    public GroupStep Group;
    public TensorAddresses Addresses;
    public TensorShape Shape;

    /// <summary>The rule, by its number in the group.</summary>
    public int Rule;

    /// <summary>The first of its blocks among those of the step.</summary>
    public int FirstBlock;

    /// <summary>What this tensor's gradients alone are multiplied by to clip them.</summary>
    public float ClipFactor;

    /// <summary>The format of the state, where a loop works on it in place.</summary>
    public StateFormat Format;

    /// <summary>Where the parameters are written rounded too; null: nowhere.</summary>
    public BFloat16* RoundedCopy;

    /// <summary>The rows that alone have a gradient, if only some have; otherwise null.</summary>
    public SparseRows? Rows;

    /// <summary>State of a format that a loop cannot work on in place; otherwise null.</summary>
    public Slot[]? Quantized;

    /// <summary>What happens around the rule.</summary>
    public readonly StepTransforms Transforms => ClipFactor == 1
        ? Group.Transforms
        : Group.Transforms with { Gradient = Group.Transforms.Gradient with { Scale = Group.Transforms.Gradient.Scale * ClipFactor } };

    /// <summary>Whether one loop over the tensor is all that an update takes.</summary>
    public readonly bool IsPlain => ClipFactor == 1 && RoundedCopy == null && Rows is null && Quantized is null && !Group.Transforms.NeedBlocks;
}
