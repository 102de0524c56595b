using System.Reflection;
using System.Runtime.InteropServices;

namespace Optimizers.TorchSharp;

/// <summary>
/// The functions of TorchSharp's native library that a step calls for each parameter. TorchSharp's own properties call the same
/// functions, but <c>Tensor.grad</c> allocates an object with a finalizer in each call.
/// </summary>
internal static unsafe class TorchNative
{
    private static readonly nint _library = NativeLibrary.Load("LibTorchSharp", typeof(torch).Assembly, null);

    private static readonly delegate* unmanaged<nint, nint> _grad = (delegate* unmanaged<nint, nint>)Find("THSTensor_grad");
    private static readonly delegate* unmanaged<nint, nint, void> _setGrad = (delegate* unmanaged<nint, nint, void>)Find("THSTensor_set_grad");
    private static readonly delegate* unmanaged<nint, nint> _data = (delegate* unmanaged<nint, nint>)Find("THSTensor_data");
    private static readonly delegate* unmanaged<nint, void> _dispose = (delegate* unmanaged<nint, void>)Find("THSTensor_dispose");
    private static readonly delegate* unmanaged<nint, sbyte> _type = (delegate* unmanaged<nint, sbyte>)Find("THSTensor_type");
    private static readonly delegate* unmanaged<nint, sbyte, byte, byte, nint> _toType =
        (delegate* unmanaged<nint, sbyte, byte, byte, nint>)Find("THSTensor_to_type");

    private static readonly delegate* unmanaged<nint, byte> _isSparse = (delegate* unmanaged<nint, byte>)Find("THSTensor_is_sparse");
    private static readonly delegate* unmanaged<nint, byte> _isContiguous = (delegate* unmanaged<nint, byte>)Find("THSTensor_is_contiguous");
    private static readonly delegate* unmanaged<nint, byte> _requiresGrad = (delegate* unmanaged<nint, byte>)Find("THSTensor_requires_grad");
    private static readonly delegate* unmanaged<nint, void> _squeeze = (delegate* unmanaged<nint, void>)Find("THSTensor_squeeze_no_dim_");

    // torch::autograd::impl::bump_version(const at::Tensor&) as compilers other than Microsoft's export it. A handle is the address of an at::Tensor.
    private static readonly delegate* unmanaged<nint, void> _bumpVersion =
        (delegate* unmanaged<nint, void>)FindOptional("_ZN5torch8autograd4impl12bump_versionERKN2at6TensorE");

    // int64_t at::TensorBase::_version() const, in the same libraries.
    private static readonly delegate* unmanaged<nint, long> _version =
        (delegate* unmanaged<nint, long>)FindOptional("_ZNK2at10TensorBase8_versionEv");

    private static readonly delegate* unmanaged<nint, nint> _indices = (delegate* unmanaged<nint, nint>)Find("THSTensor_indices");
    private static readonly delegate* unmanaged<nint, nint> _values = (delegate* unmanaged<nint, nint>)Find("THSTensor_values");
    private static readonly delegate* unmanaged<nint, nint> _contiguous = (delegate* unmanaged<nint, nint>)Find("THSTensor_contiguous");
    private static readonly delegate* unmanaged<nint, long> _dimensions = (delegate* unmanaged<nint, long>)Find("THSTensor_ndimension");
    private static readonly delegate* unmanaged<nint, long, long> _size = (delegate* unmanaged<nint, long, long>)Find("THSTensor_size");

    /// <summary>The gradient of a tensor as a new handle, which must be disposed; 0 if there is none.</summary>
    public static nint Gradient(nint tensor) => _grad(tensor);

    /// <summary>Removes the gradient of a tensor.</summary>
    public static void RemoveGradient(nint tensor) => _setGrad(tensor, 0);

    /// <summary>The address of the first element of a dense tensor on the CPU.</summary>
    public static void* Data(nint tensor) => (void*)_data(tensor);

    /// <summary>The type of the elements.</summary>
    public static torch.ScalarType Type(nint tensor) => (torch.ScalarType)_type(tensor);

    /// <summary>
    /// What all handles of one tensor have in common: a handle is the address of an <c>at::Tensor</c>, whose only field is the address of
    /// its <c>TensorImpl</c>.
    /// </summary>
    public static nint Implementation(nint tensor) => *(nint*)tensor;

    public static void Dispose(nint tensor) => _dispose(tensor);

    public static bool IsSparse(nint tensor) => _isSparse(tensor) != 0;

    public static bool IsContiguous(nint tensor) => _isContiguous(tensor) != 0;

    public static bool RequiresGradient(nint tensor) => _requiresGrad(tensor) != 0;

    /// <summary>The indices of a sparse tensor as a new handle, which must be disposed.</summary>
    public static nint SparseIndices(nint tensor) => _indices(tensor);

    /// <summary>The values of a sparse tensor as a new handle, which must be disposed.</summary>
    public static nint SparseValues(nint tensor) => _values(tensor);

    /// <summary>The number of dimensions.</summary>
    public static long Dimensions(nint tensor) => _dimensions(tensor);

    /// <summary>The length of a dimension.</summary>
    public static long Size(nint tensor, long dimension) => _size(tensor, dimension);

    /// <summary>Returns a tensor if it is contiguous. Otherwise returns a contiguous copy as a new handle, and disposes of the tensor.</summary>
    public static nint Contiguous(nint tensor)
    {
        if (IsContiguous(tensor))
        {
            return tensor;
        }

        nint copy = _contiguous(tensor);
        _dispose(tensor);
        return copy;
    }

    /// <summary>
    /// Returns a tensor if its elements are floats. Otherwise returns a tensor with the elements as floats, as a new handle, and disposes of
    /// the tensor.
    /// </summary>
    public static nint Floats(nint tensor)
    {
        if (Type(tensor) == torch.ScalarType.Float32)
        {
            return tensor;
        }

        nint floats = _toType(tensor, (sbyte)torch.ScalarType.Float32, 0, 0);
        _dispose(tensor);
        return floats;
    }

    /// <summary>Tells torch that a tensor has changed in place.</summary>
    /// <param name="emptyView">An empty view of the tensor. Torch keeps one count for a tensor and its views.</param>
    public static void CountChange(nint emptyView)
    {
        if (_bumpVersion != null)
        {
            _bumpVersion(emptyView);
        }
        else
        {
            // The cheapest in-place operation. It changes no element of the view.
            _squeeze(emptyView);
        }
    }

    /// <summary>The number of changes in place that torch has counted for a tensor and its views; 0 where libtorch does not export it.</summary>
    public static long CountOfChanges(nint tensor) => _version == null ? 0 : _version(tensor);

    /// <summary>
    /// The address of a function of the library or of a library that it depends on, such as libtorch and its OpenMP; 0 if there is none.
    /// </summary>
    public static nint FindOptional(string function) => NativeLibrary.TryGetExport(_library, function, out nint address) ? address : 0;

    private static nint Find(string function) => NativeLibrary.TryGetExport(_library, function, out nint address)
        ? address
        : throw new NotSupportedException(
            $"The native library of TorchSharp {typeof(torch).Assembly.GetCustomAttribute<AssemblyFileVersionAttribute>()?.Version} has no function {function}. "
            + "Use TorchSharp 0.107.0, the version that this package was tested with.");
}
