namespace Optimizers.TorchSharp;

/// <summary>One parameter of a module, and the parameter of the set that points at its memory.</summary>
internal sealed unsafe class ModuleTensor : IDisposable
{
    // An alias keeps the memory valid if the module is disposed while the set still points at it.
    private TensorMemory _memory;
    private Tensor _emptyView;
    private readonly List<TorchParameter> _tied = [];
    private Tensor? _copy;
    private nint _rowValues;
    private long[] _allRows = [];
    private nint _gradient;
    private torch.ScalarType _gradientType;
    private long _changes;
    private bool _isCopied;
    private bool _hasRows;

    public ModuleTensor(string name, TorchParameter torchParameter, ParameterSet set, bool isSparse, UpdatePrecision updatePrecision)
    {
        Name = name;
        TorchParameter = torchParameter;
        (_memory, _emptyView) = AliasesOf(name, torchParameter);
        int[] shape = ShapeOf(torchParameter);
        Parameter = isSparse
            ? set.AddTableView(name, shape[0], shape[1], _memory.Numbers, updatePrecision)
            : set.AddView(name, shape, _memory.Numbers, updatePrecision: updatePrecision);
        _changes = TorchNative.CountOfChanges(_emptyView.Handle);
    }

    public string Name { get; }

    public TorchParameter TorchParameter { get; private set; }

    public Parameter Parameter { get; }

    /// <summary>Whether torch has disposed the tensor, with its module or because <c>.to</c> replaced it.</summary>
    public bool IsGone => TorchParameter.IsInvalid;

    /// <summary>The tensors whose gradients move the parameter: see <see cref="TorchNative.Implementation"/>.</summary>
    public IEnumerable<nint> Implementations => _tied.Prepend(TorchParameter)
        .Where(parameter => !parameter.IsInvalid).Select(parameter => TorchNative.Implementation(parameter.Handle));

    /// <summary>Whether a tensor lies in the same memory and has the same type and shape.</summary>
    public bool HasMemoryOf(TorchParameter other) =>
        !IsGone && TorchNative.Data(TorchParameter.Handle) == TorchNative.Data(other.Handle)
        && TorchParameter.dtype == other.dtype && TorchParameter.shape.SequenceEqual(other.shape);

    /// <summary>Adds another tensor in the same memory, which has a gradient of its own.</summary>
    public void Tie(TorchParameter other) => _tied.Add(other);

    /// <summary>Points at the memory of another tensor, which replaced this one in the module.</summary>
    /// <exception cref="InvalidOperationException">The memory of the tensor cannot be used in place, or its shape differs.</exception>
    public void Replace(TorchParameter torchParameter)
    {
        if (TensorMemory.Refusal(torchParameter) is { } reason)
        {
            throw new InvalidOperationException($"The parameter \"{Name}\" of the module was replaced, and {reason}");
        }

        if (!ShapeOf(torchParameter).AsSpan().SequenceEqual([.. Parameter.Shape]))
        {
            throw new InvalidOperationException(
                $"The parameter \"{Name}\" of the module had the shape [{string.Join(", ", Parameter.Shape)}] and has now [{string.Join(", ", torchParameter.shape)}]. "
                + $"Create a new {nameof(ModuleOptimizer)}.");
        }

        ParameterFormat format = Parameter.Format;
        if (format.UpdatePrecision != UpdatePrecision.MasterCopy && TensorMemory.FormatOf(torchParameter.dtype) != _memory.Format)
        {
            throw new InvalidOperationException(
                $"The parameter \"{Name}\" of the module had the type {TypeOf(_memory.Format)} and has now the type {torchParameter.dtype}. With "
                + $"{nameof(ModuleOptions)}.{nameof(ModuleOptions.UpdatePrecision)} = {format.UpdatePrecision} the type cannot change. "
                + $"Convert it back, or create a new {nameof(ModuleOptimizer)}.");
        }

        // The former memory is released last: if the type changes from float32, its values become the master copy.
        _tied.RemoveAll(tied => tied.IsInvalid);
        (TensorMemory memory, Tensor emptyView) = AliasesOf(Name, torchParameter);
        Parameter.PointValuesAt(memory.Numbers);
        Dispose();
        (_memory, _emptyView) = (memory, emptyView);
        _changes = TorchNative.CountOfChanges(_emptyView.Handle);
        TorchParameter = torchParameter;
    }

    /// <summary>Points the parameter at torch's values and gradient.</summary>
    /// <exception cref="InvalidOperationException">The parameter cannot take a gradient of this form.</exception>
    public void TakeGradient()
    {
        nint handle = TorchParameter.Handle;
        if (TorchNative.Data(handle) != _memory.Address)
        {
            Replace(TorchParameter);
        }

        TakeChangedValues();
        foreach (TorchParameter tied in _tied)
        {
            TakeGradientOf(tied);
        }

        _gradient = TorchNative.Gradient(handle);
        Parameter.HasGradient = _gradient != 0;
        if (_gradient == 0)
        {
            return;
        }

        _gradientType = TorchNative.Type(_gradient);
        if (TensorMemory.FormatOf(_gradientType) is not { } format)
        {
            throw new InvalidOperationException(
                $"The gradient of \"{Name}\" has the type {_gradientType}. Only gradients of the types Float32, BFloat16 and Float16 can be used: convert it with "
                + $".to(torch.{(_memory.Format == NumberFormat.Float32 ? "float32" : TypeOf(_memory.Format).ToString().ToLowerInvariant())}).");
        }

        if (TorchNative.IsSparse(_gradient))
        {
            TakeRows();
        }
        else if (Parameter.IsTable)
        {
            TakeAllRows();
        }
        else
        {
            Parameter.PointGradientsAt(NumberMemory.At(GradientAddress(_gradientType), format));
        }
    }

    /// <summary>Ends the use of the gradient.</summary>
    /// <param name="used">Whether the gradient has been used.</param>
    /// <param name="zeroes">Whether a used gradient becomes zero in place; otherwise it is removed.</param>
    /// <param name="countsChange">Whether to tell torch that the values have changed.</param>
    public void ReleaseGradient(bool used, bool zeroes, bool countsChange)
    {
        if (_gradient == 0)
        {
            return;
        }

        TorchNative.Dispose(_gradient);
        _gradient = 0;
        if (used)
        {
            // The pass of the update has zeroed a gradient that is not a copy. A tensor with other strides cannot always be written to.
            ClearGradient(zeroes && !_isCopied, isZero: true);
        }
        else
        {
            KeepChanges();
        }

        if (Parameter.IsTable)
        {
            Parameter.SetRowGradients(ReadOnlySpan<long>.Empty, []);
        }
        else
        {
            Parameter.RemoveGradients();
        }

        DisposeRowValues();
        (_isCopied, _hasRows) = (false, false);
        if (countsChange)
        {
            TorchNative.CountChange(_emptyView.Handle);
            _changes = TorchNative.CountOfChanges(_emptyView.Handle);
        }
    }

    /// <summary>Removes the gradient, or sets it to zero in place.</summary>
    public void ClearGradient(bool zeroes, bool isZero = false)
    {
        if (IsGone)
        {
            return;
        }

        foreach (TorchParameter tied in _tied)
        {
            if (!tied.IsInvalid)
            {
                TorchNative.RemoveGradient(tied.Handle);
            }
        }

        if (zeroes && isZero && !Parameter.IsTable)
        {
            return;
        }

        using Tensor? gradient = zeroes && !Parameter.IsTable ? TorchParameter.grad : null;
        if (gradient is null || !gradient.is_contiguous())
        {
            TorchNative.RemoveGradient(TorchParameter.Handle);
        }
        else
        {
            using IDisposable withoutGraph = torch.no_grad();
            gradient.zero_();
        }
    }

    /// <summary>Releases the aliases. Nothing may use the set's parameter after that.</summary>
    public void Dispose()
    {
        _memory.Dispose();
        _emptyView.Dispose();
        DisposeRowValues();
        _copy?.Dispose();
        _copy = null;
    }

    private static (TensorMemory Memory, Tensor EmptyView) AliasesOf(string name, TorchParameter torchParameter)
    {
        var memory = new TensorMemory(torchParameter, $"The parameter \"{name}\" of the module");
        using IDisposable withoutGraph = torch.no_grad();
        using Tensor alias = torchParameter.detach();
        using Tensor flat = alias.view(-1);
        return (memory, flat.narrow(0, 0, 0).DetachFromDisposeScope());
    }

    private static int[] ShapeOf(TorchParameter torchParameter) => [.. torchParameter.shape.Select(length => checked((int)length))];

    private static torch.ScalarType TypeOf(NumberFormat format) => format switch
    {
        NumberFormat.BFloat16 => torch.ScalarType.BFloat16,
        NumberFormat.Half => torch.ScalarType.Float16,
        _ => torch.ScalarType.Float32,
    };

    // The gradient in a type, in order. It is copied if it has another type, or other strides than its parameter as an expanded scalar.
    private void* GradientAddress(torch.ScalarType type)
    {
        if (_gradientType == type && TorchNative.IsContiguous(_gradient))
        {
            return TorchNative.Data(_gradient);
        }

        using IDisposable withoutGraph = torch.no_grad();
        using Tensor gradient = TorchParameter.grad!;
        if (_copy is not null && _copy.dtype != type)
        {
            _copy.Dispose();
            _copy = null;
        }

        _copy ??= torch.empty(gradient.shape, type).DetachFromDisposeScope();
        _copy.copy_(gradient);
        _isCopied = true;
        return TorchNative.Data(_copy.Handle);
    }

    // Torch code may have written to 16-bit values since the last step, for example load_state_dict or the max_norm of an embedding.
    private void TakeChangedValues()
    {
        if (_memory.Format == NumberFormat.Float32)
        {
            return;
        }

        long changes = TorchNative.CountOfChanges(_emptyView.Handle);
        if (changes != _changes)
        {
            _changes = changes;
            Parameter.TakeRoundedValues();
        }
    }

    // Adds the gradient of a tensor in the same memory to the gradient of this one.
    private void TakeGradientOf(TorchParameter tied)
    {
        if (tied.IsInvalid)
        {
            return;
        }

        using IDisposable withoutGraph = torch.no_grad();
        using Tensor? gradient = tied.grad;
        if (gradient is null)
        {
            return;
        }

        using Tensor? own = TorchParameter.grad;
        using Tensor sum = own is null ? gradient.alias() : own.add(gradient);
        TorchParameter.grad = sum;
        TorchNative.RemoveGradient(tied.Handle);
    }

    // An operation without an update, such as a clip, may have changed a copy. Torch's gradient becomes that copy, in the type that it had.
    private void KeepChanges()
    {
        using IDisposable withoutGraph = torch.no_grad();
        if (_isCopied)
        {
            using Tensor gradient = _copy!.to(_gradientType);
            TorchParameter.grad = gradient;
            _copy.Dispose();
            _copy = null;
        }
        else if (_hasRows)
        {
            long[] rows = [.. Parameter.GradientRows.ToArray().Select(row => (long)row)];
            using Tensor flat = torch.tensor(rows);
            using Tensor indices = flat.reshape(1, rows.Length);
            using Tensor elements = torch.tensor(Parameter.RowGradients.ToArray());
            using Tensor shaped = elements.reshape(rows.Length, Parameter.Shape[1]);
            using Tensor values = shaped.to(_gradientType);
            using Tensor gradient = torch.sparse_coo_tensor(indices, values, TorchParameter.shape);
            TorchParameter.grad = gradient;
        }
    }

    private void TakeRows()
    {
        if (!Parameter.IsTable)
        {
            throw new InvalidOperationException(
                $"The gradient of \"{Name}\" is sparse, but the optimizer expected a dense one. Create it with "
                + $"new {nameof(ModuleOptions)} {{ {nameof(ModuleOptions.SparseGradients)} = name => name == \"{Name}\" }}.");
        }

        nint indices = TorchNative.Contiguous(TorchNative.SparseIndices(_gradient));
        try
        {
            // The row gradients of a table are floats.
            _rowValues = TorchNative.Floats(TorchNative.Contiguous(TorchNative.SparseValues(_gradient)));
            if (TorchNative.Size(indices, 0) != 1 || TorchNative.Dimensions(_rowValues) != 2 || TorchNative.Size(_rowValues, 1) != Parameter.Shape[1])
            {
                throw NoWholeRows();
            }

            var rows = new ReadOnlySpan<long>(TorchNative.Data(indices), checked((int)TorchNative.Size(indices, 1)));
            Parameter.PointRowGradientsAt(rows, (float*)TorchNative.Data(_rowValues));
            _hasRows = true;
        }
        finally
        {
            TorchNative.Dispose(indices);
        }
    }

    private InvalidOperationException NoWholeRows()
    {
        using Tensor gradient = TorchParameter.grad!;
        using Tensor indices = gradient.SparseIndices;
        using Tensor values = gradient.SparseValues;
        return new InvalidOperationException(
            $"The sparse gradient of \"{Name}\" has indices of the shape [{string.Join(", ", indices.shape)}] and values of the shape "
            + $"[{string.Join(", ", values.shape)}], but only whole rows of {Parameter.Shape[1]} elements can be used. Convert it with to_dense() before the step.");
    }

    private void DisposeRowValues()
    {
        if (_rowValues != 0)
        {
            TorchNative.Dispose(_rowValues);
            _rowValues = 0;
        }
    }

    // A table that is also used outside its embedding, for example tied to a linear layer, has a gradient in every row.
    private void TakeAllRows()
    {
        if (_allRows.Length == 0)
        {
            _allRows = [.. Enumerable.Range(0, Parameter.Shape[0]).Select(row => (long)row)];
        }

        Parameter.PointRowGradientsAt(_allRows, (float*)GradientAddress(torch.ScalarType.Float32));
    }
}
