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

    /// <summary>16-bit values that the step updates, because there are no floats to update; otherwise no buffer.</summary>
    public NumberBuffer StoredValues;

    /// <summary>The rounding errors of <see cref="StoredValues"/>, if they are kept.</summary>
    public NumberBuffer Errors;

    /// <summary>16-bit gradients; otherwise no buffer.</summary>
    public NumberBuffer StoredGradients;

    /// <summary>The buffer for a rounded copy of the parameters, if there is one.</summary>
    public NumberBuffer RoundedCopy;

    /// <summary>The rows with a gradient, if only some rows have one; otherwise null.</summary>
    public SparseRows? Rows;

    /// <summary>State in a format that a loop cannot use in place; otherwise null.</summary>
    public Slot[]? Quantized;

    /// <summary>The operations around the rule.</summary>
    public readonly StepTransforms Transforms => ClipFactor == 1
        ? Group.Transforms
        : Group.Transforms with { Gradient = Group.Transforms.Gradient with { Scale = Group.Transforms.Gradient.Scale * ClipFactor } };

    /// <summary>Whether an update needs only one loop over the tensor.</summary>
    public readonly bool IsPlain =>
        ClipFactor == 1 && RoundedCopy.Address == 0 && Rows is null && Quantized is null && !IsDecoded && !Group.Transforms.NeedBlocks;

    /// <summary>Whether values or gradients have 16 bits, so passes work on converted pieces of them.</summary>
    public readonly bool IsDecoded => (StoredValues.Address | StoredGradients.Address) != 0;

    /// <summary>Sets the buffers of the parameter.</summary>
    public void Take(in ParameterBuffers buffers)
    {
        Addresses.Parameters = buffers.Values.Floats;
        Addresses.Gradients = buffers.Gradients.Floats;
        StoredValues = buffers.Values.IsRounded ? buffers.Values : default;
        StoredGradients = buffers.Gradients.IsRounded ? buffers.Gradients : default;
        Errors = buffers.Errors;
        RoundedCopy = buffers.RoundedCopy;
    }

    /// <summary>A gradient by its number among the elements of the step.</summary>
    public readonly float GradientAt(int index)
    {
        float value;
        if (StoredGradients.IsRounded)
        {
            StoredGradients.Read((nuint)index, (nuint)index + 1, &value, widestLane: 1);
        }
        else
        {
            value = Addresses.Gradients[index];
        }

        return value;
    }
}
