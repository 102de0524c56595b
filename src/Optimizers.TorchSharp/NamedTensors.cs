namespace Optimizers.TorchSharp;

/// <summary>
/// Named tensors of a module that are not trained, as a part of a checkpoint: its buffers, such as the running averages of a BatchNorm
/// layer, or its frozen parameters.
/// </summary>
/// <param name="kind">The kind of the tensors, for messages.</param>
/// <param name="find">Finds the tensors at each save and load, because a module may replace them.</param>
internal sealed class NamedTensors(string kind, Func<IEnumerable<(string Name, Tensor Tensor)>> find) : ICheckpointed
{
    public void Describe(CheckpointManifest contents)
    {
        var seen = new HashSet<nint>();
        foreach ((string name, Tensor tensor) in find())
        {
            if (seen.Add(tensor.Handle))
            {
                List(contents, name, tensor);
            }
        }
    }

    private void List(CheckpointManifest contents, string name, Tensor tensor)
    {
        if (tensor.is_sparse || tensor.numel() > int.MaxValue || tensor.device_type != DeviceType.CPU || !tensor.is_contiguous())
        {
            throw new InvalidOperationException(
                $"The {kind} \"{name}\" of the module cannot be saved or loaded: it is on the device {tensor.device}, sparse, not contiguous, or has more than {int.MaxValue} elements. "
                + "Replace it by a contiguous tensor on the CPU.");
        }

        int[] shape = [.. tensor.shape.Select(length => checked((int)length))];
        switch (tensor.dtype)
        {
            case torch.ScalarType.Float32: contents.Tensor<float>(name, shape, () => Of<float>(tensor)); break;
            case torch.ScalarType.Float64: contents.Tensor<double>(name, shape, () => Of<double>(tensor)); break;
            case torch.ScalarType.Float16: contents.Tensor<Half>(name, shape, () => Of<Half>(tensor)); break;
            case torch.ScalarType.BFloat16: contents.Tensor<BFloat16>(name, shape, () => Of<BFloat16>(tensor)); break;
            case torch.ScalarType.Int64: contents.Tensor<long>(name, shape, () => Of<long>(tensor)); break;
            case torch.ScalarType.Int32: contents.Tensor<int>(name, shape, () => Of<int>(tensor)); break;
            case torch.ScalarType.Int16: contents.Tensor<short>(name, shape, () => Of<short>(tensor)); break;
            case torch.ScalarType.Int8: contents.Tensor<sbyte>(name, shape, () => Of<sbyte>(tensor)); break;
            case torch.ScalarType.Byte: contents.Tensor<byte>(name, shape, () => Of<byte>(tensor)); break;
            case torch.ScalarType.Bool: contents.Tensor<bool>(name, shape, () => Of<bool>(tensor)); break;
            default:
                throw new InvalidOperationException(
                    $"The {kind} \"{name}\" of the module has the type {tensor.dtype}, which a checkpoint cannot store. Convert it to a real type of at most 8 bytes.");
        }
    }

    private static unsafe Span<T> Of<T>(Tensor tensor)
        where T : unmanaged => new(TorchNative.Data(tensor.Handle), (int)tensor.numel());
}
