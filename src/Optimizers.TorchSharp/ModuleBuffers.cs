namespace Optimizers.TorchSharp;

/// <summary>The buffers of a module, such as the running averages of a BatchNorm layer, as a part of a checkpoint.</summary>
internal sealed class ModuleBuffers(TorchModule module) : ICheckpointed
{
    public void Describe(CheckpointManifest contents)
    {
        var seen = new HashSet<nint>();
        foreach ((string name, Tensor buffer) in module.named_buffers())
        {
            if (seen.Add(buffer.Handle))
            {
                List(contents, "buffer", name, buffer);
            }
        }
    }

    /// <summary>Lists a tensor of any type; the kind names it in messages.</summary>
    public static void List(CheckpointManifest contents, string kind, string name, Tensor buffer)
    {
        if (buffer.is_sparse || buffer.numel() > int.MaxValue || buffer.device_type != DeviceType.CPU || !buffer.is_contiguous())
        {
            throw new InvalidOperationException(
                $"The {kind} \"{name}\" of the module cannot be saved or loaded: it is on the device {buffer.device}, sparse, not contiguous, or has more than {int.MaxValue} elements. "
                + "Replace it by a contiguous tensor on the CPU.");
        }

        int[] shape = [.. buffer.shape.Select(length => checked((int)length))];
        switch (buffer.dtype)
        {
            case torch.ScalarType.Float32: contents.Tensor<float>(name, shape, () => Of<float>(buffer)); break;
            case torch.ScalarType.Float64: contents.Tensor<double>(name, shape, () => Of<double>(buffer)); break;
            case torch.ScalarType.Float16: contents.Tensor<Half>(name, shape, () => Of<Half>(buffer)); break;
            case torch.ScalarType.BFloat16: contents.Tensor<BFloat16>(name, shape, () => Of<BFloat16>(buffer)); break;
            case torch.ScalarType.Int64: contents.Tensor<long>(name, shape, () => Of<long>(buffer)); break;
            case torch.ScalarType.Int32: contents.Tensor<int>(name, shape, () => Of<int>(buffer)); break;
            case torch.ScalarType.Int16: contents.Tensor<short>(name, shape, () => Of<short>(buffer)); break;
            case torch.ScalarType.Int8: contents.Tensor<sbyte>(name, shape, () => Of<sbyte>(buffer)); break;
            case torch.ScalarType.Byte: contents.Tensor<byte>(name, shape, () => Of<byte>(buffer)); break;

            // The format's own bool type is not supported here. Torch stores a bool as a byte, 0 or 1.
            case torch.ScalarType.Bool: contents.Tensor<byte>(name, shape, () => Of<byte>(buffer)); break;
            default:
                throw new InvalidOperationException(
                    $"The {kind} \"{name}\" of the module has the type {buffer.dtype}, which a checkpoint cannot store. Convert it to another type.");
        }
    }

    private static unsafe Span<T> Of<T>(Tensor buffer)
        where T : unmanaged => new(TorchNative.Data(buffer.Handle), (int)buffer.numel());
}
