using System.Buffers;

namespace Optimizers.TorchSharp;

/// <summary>
/// The memory of a torch tensor, without a copy. It holds an alias of the tensor of its own, so the memory stays valid after the
/// tensor, its module or a dispose scope is disposed. <see cref="IDisposable.Dispose"/> or a garbage collection releases the alias.
/// </summary>
internal sealed unsafe class TensorMemory : MemoryManager<float>
{
    private readonly Tensor _alias;
    private readonly float* _address;
    private readonly int _length;
    private bool _disposed;

    /// <summary>Takes an alias of a tensor.</summary>
    /// <param name="tensor">A dense, contiguous float32 tensor on the CPU.</param>
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

        _address = AddressOf(_alias);
        _length = (int)_alias.numel();
    }

    /// <summary>The first element; null if there is none.</summary>
    public float* Address => _disposed ? throw new ObjectDisposedException(nameof(TensorMemory)) : _address;

    /// <summary>The address of the first element of a dense, contiguous float32 tensor on the CPU; null if it has no element.</summary>
    /// <remarks>It is valid as long as the tensor's storage.</remarks>
    public static float* AddressOf(Tensor tensor)
    {
        long bytes = tensor.numel() * sizeof(float);
        if (bytes <= int.MaxValue)
        {
            fixed (byte* first = tensor.bytes)
            {
                return (float*)first;
            }
        }

        // Tensor.bytes is a span and ends at 2³¹ − 1 bytes. The storage converts the tensor to its type, which makes another alias.
        using var scope = torch.NewDisposeScope();
        using var storage = tensor.storage<float>();
        return (float*)storage.data_ptr() + tensor.storage_offset();
    }

    /// <inheritdoc/>
    public override Span<float> GetSpan() => new(Address, _length);

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0)
    {
        if ((uint)elementIndex > (uint)_length)
        {
            throw new ArgumentOutOfRangeException(nameof(elementIndex), elementIndex, $"elementIndex = {elementIndex} is outside [0, {_length}].");
        }

        // The handle refers to this object, so the memory lives as long as the handle.
        return new MemoryHandle(Address + elementIndex, pinnable: this);
    }

    /// <inheritdoc/>
    public override void Unpin()
    {
        // Torch does not move memory.
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            _disposed = true;
            _alias.Dispose();
        }
    }

    // Why a tensor's memory cannot be used in place, and what to do, as the end of a sentence about it; null if it can.
    public static string? Refusal(Tensor tensor) => tensor switch
    {
        { IsInvalid: true } => "is disposed.",
        { is_sparse: true } => "is sparse. Only dense tensors can be used in place.",
        { device_type: not DeviceType.CPU } =>
            $"is on the device {tensor.device}. Only tensors on the CPU can be used in place: move it with .to(torch.CPU).",
        { dtype: not torch.ScalarType.Float32 } =>
            $"has the type {tensor.dtype}. Only Float32 tensors can be used in place: convert it with .to(torch.float32).",
        _ when !tensor.is_contiguous() =>
            $"with the shape [{string.Join(", ", tensor.shape)}] is not contiguous. Only contiguous tensors can be used in place: copy it with .contiguous().",
        _ when tensor.numel() > int.MaxValue =>
            $"has {tensor.numel()} elements. At most 2147483647 elements can be used in place: split it.",
        _ => null,
    };
}
