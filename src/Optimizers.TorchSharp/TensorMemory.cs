namespace Optimizers.TorchSharp;

/// <summary>
/// The memory of a torch tensor, without a copy. It holds an alias of the tensor of its own, so the memory stays valid after the
/// tensor, its module or a dispose scope is disposed. <see cref="Dispose"/> or a garbage collection releases the alias.
/// </summary>
internal sealed unsafe class TensorMemory : IDisposable
{
    private readonly Tensor _alias;
    private readonly void* _address;
    private bool _disposed;

    /// <summary>Takes an alias of a tensor.</summary>
    /// <param name="tensor">A dense, contiguous tensor in float32, bfloat16 or half on the CPU.</param>
    /// <param name="name">What the messages call the tensor.</param>
    /// <exception cref="ArgumentException">The memory of the tensor cannot be used in place.</exception>
    public TensorMemory(Tensor tensor, string name = "The tensor")
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (Refusal(tensor) is { } reason)
        {
            throw new ArgumentException($"{name} {reason}", nameof(tensor));
        }

        using (torch.no_grad())
        {
            _alias = tensor.detach().DetachFromDisposeScope();
        }

        Length = (int)_alias.numel();
        Format = FormatOf(_alias.dtype)!.Value;
        _address = Length == 0 ? null : TorchNative.Data(_alias.Handle);
    }

    /// <summary>The number of elements.</summary>
    public int Length { get; }

    /// <summary>The format of the elements.</summary>
    public NumberFormat Format { get; }

    /// <summary>The first element; null if there is none.</summary>
    public void* Address => _disposed ? throw new ObjectDisposedException(nameof(TensorMemory)) : _address;

    /// <summary>The elements, for a parameter. They are valid until this object is disposed or collected.</summary>
    public NumberMemory Numbers => NumberMemory.At(Address, Format);

    /// <summary>The number format of a type of torch; null if the library has none.</summary>
    public static NumberFormat? FormatOf(torch.ScalarType type) => type switch
    {
        torch.ScalarType.Float32 => NumberFormat.Float32,
        torch.ScalarType.BFloat16 => NumberFormat.BFloat16,
        torch.ScalarType.Float16 => NumberFormat.Half,
        _ => null,
    };

    /// <summary>Releases the alias.</summary>
    public void Dispose()
    {
        _disposed = true;
        _alias.Dispose();
    }

    // Why a tensor's memory cannot be used in place, and what to do, as the end of a sentence about it; null if it can.
    public static string? Refusal(Tensor tensor) => tensor switch
    {
        { IsInvalid: true } => "is disposed.",
        { is_sparse: true } => "is sparse. Only dense tensors can be used in place.",
        { device_type: not DeviceType.CPU } =>
            $"is on the device {tensor.device}. Only tensors on the CPU can be used in place: move it with .to(torch.CPU).",
        _ when FormatOf(tensor.dtype) is null =>
            $"has the type {tensor.dtype}. Only tensors of the types Float32, BFloat16 and Float16 can be used in place: convert it with .to(torch.float32).",
        _ when !tensor.is_contiguous() =>
            $"with the shape [{string.Join(", ", tensor.shape)}] is not contiguous. Only contiguous tensors can be used in place: copy it with .contiguous().",
        _ when tensor.numel() > int.MaxValue =>
            $"has {tensor.numel()} elements. At most 2147483647 elements can be used in place: split it.",
        _ => null,
    };
}
