using System.Buffers;
using System.Runtime.InteropServices;

namespace Optimizers;

/// <summary>A named tensor of a <see cref="ParameterSet"/>: its values and its gradients, both row-major.</summary>
/// <remarks>
/// A view may be pointed at other memory between steps, with <c>PointValuesAt</c> and <c>PointGradientsAt</c>. A step then
/// reads and writes the new memory; it allocates nothing and makes no new plan. The methods that take an address do not
/// check that memory: it must have <see cref="Length"/> elements, and stay valid until the parameter is pointed elsewhere or
/// the set is disposed.
/// </remarks>
public sealed unsafe class Parameter
{
    private readonly ParameterSet _set;
    private readonly ValueList<int> _shape;
    private readonly SparseRows? _rows;
    private readonly bool _isView;
    private NumberFormat _viewed;
    private float* _values;
    private NumberBuffer _stored;
    private NumberBuffer _errors;
    private NumberBuffer _gradients;
    private bool _hasGradients;
    private MemoryHandle _pinnedValues;
    private MemoryHandle _pinnedStored;
    private MemoryHandle _pinnedGradients;
    private BFloat16[]? _ownCopy;

    internal Parameter(ParameterSet set, string name, int[] shape, int length, in NewParameter buffers)
    {
        _isView = buffers.IsView;
        _viewed = buffers.Stored.Address == 0 ? NumberFormat.Float32 : buffers.Stored.Format;
        _rows = buffers.IsTable ? new SparseRows(shape[0], shape[1]) : null;
        _set = set;
        _shape = new ValueList<int>(shape);
        _values = buffers.Values;
        _stored = buffers.Stored;
        _errors = buffers.Errors;
        _gradients = buffers.Gradients;
        _hasGradients = buffers.HasGradients;
        UpdatePrecision = buffers.UpdatePrecision;
        Name = name;
        Length = length;
    }

    /// <summary>Makes a parameter that has only a name and a shape. Its set must be disposed, so that reads of its memory throw.</summary>
    internal static Parameter WithoutMemory(ParameterSet set, string name, int[] shape, int length) =>
        new(set, name, shape, length, new NewParameter { IsView = true });

    /// <summary>The name, unique in its set.</summary>
    public string Name { get; }

    /// <summary>The length of each dimension; none for a scalar.</summary>
    public IReadOnlyList<int> Shape => _shape;

    /// <summary>The number of elements.</summary>
    public int Length { get; }

    /// <summary>The number formats of the values and of the gradients.</summary>
    public ParameterFormat Format => new()
    {
        Values = ValueFormat,
        Gradients = _gradients.Format,
        UpdatePrecision = UpdatePrecision,
    };

    /// <summary>
    /// The values in float32, which steps update in place. If the values have 16 bits, this is their master copy: after you have
    /// changed it yourself, call <see cref="RoundValues"/>. The span is valid as long as the set is reachable and not disposed.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    /// <exception cref="InvalidOperationException">The values have 16 bits and no master copy.</exception>
    public Span<float> Values => HasFloats
        ? new(_set.Alive(_values), Length)
        : throw new InvalidOperationException(
            $"The values of \"{Name}\" are in {ValueFormat}, without a master copy in float32. Use {NameOfValues}, {nameof(CopyValuesTo)} or {nameof(CopyValuesFrom)}.");

    /// <summary>The values in bfloat16, for a forward pass in bfloat16. Empty if the parameter has none.</summary>
    /// <remarks>Steps keep them up to date, in the pass in which they update the master copy. After you have written to them
    /// yourself, call <see cref="TakeRoundedValues"/>.</remarks>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public Span<BFloat16> BFloat16Values => Stored<BFloat16>(NumberFormat.BFloat16);

    /// <summary>The values in half, for a forward pass in half. Empty if the parameter has none.</summary>
    /// <inheritdoc cref="BFloat16Values" path="/remarks|/exception"/>
    public Span<Half> HalfValues => Stored<Half>(NumberFormat.Half);

    /// <summary>
    /// The gradients in float32, which you write before each step. The span is valid as long as the set is reachable and not disposed.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    /// <exception cref="InvalidOperationException">The parameter is a table, which has gradients of some rows only; it has no
    /// gradient buffer; or its gradients have another format.</exception>
    public Span<float> Gradients => GradientsAs<float>(NumberFormat.Float32);

    /// <summary>The gradients in bfloat16, which you write before each step.</summary>
    /// <inheritdoc cref="Gradients" path="/exception"/>
    public Span<BFloat16> BFloat16Gradients => GradientsAs<BFloat16>(NumberFormat.BFloat16);

    /// <summary>The gradients in half, which you write before each step.</summary>
    /// <inheritdoc cref="Gradients" path="/exception"/>
    public Span<Half> HalfGradients => GradientsAs<Half>(NumberFormat.Half);

    /// <summary>Whether there is memory for the gradients of all elements: false for a table, and for a view that points at no
    /// gradients.</summary>
    public bool HasGradientBuffer => _hasGradients;

    /// <summary>Whether the parameter has gradients of some rows only: see <see cref="ParameterSet.AddTable"/>.</summary>
    public bool IsTable => _rows is not null;

    /// <summary>The rows of a table that have a gradient, each once, in ascending order. Valid until the next change of the
    /// gradient.</summary>
    /// <exception cref="InvalidOperationException">The parameter is not a table.</exception>
    public ReadOnlySpan<int> GradientRows => RequireRows().Rows;

    /// <summary>The gradient of <see cref="GradientRows"/>, row after row.</summary>
    /// <exception cref="InvalidOperationException">The parameter is not a table.</exception>
    public ReadOnlySpan<float> RowGradients => RequireRows().Values;

    /// <summary>
    /// Sets the gradients of some rows of a table for the next steps, and replaces the previous ones; all other rows have no
    /// gradient. The values are copied, and stay until they are set again or gradients are zeroed. A call without rows is a
    /// gradient too: nothing moves, but the table counts an update.
    /// </summary>
    /// <param name="rows">The row indices, in any order. If an index occurs more than once, its values are added in float32,
    /// in the order in which they occur.</param>
    /// <param name="values">The values, row after row in the order of the indices.</param>
    /// <exception cref="ArgumentException">The number of values is not rows × width, or a row index is outside the table.
    /// Nothing has changed.</exception>
    /// <exception cref="InvalidOperationException">The parameter is not a table.</exception>
    [OverloadResolutionPriority(1)]
    public void SetRowGradients(ReadOnlySpan<int> rows, ReadOnlySpan<float> values) => RequireRows().Take(rows, values);

    /// <inheritdoc cref="SetRowGradients(ReadOnlySpan{int}, ReadOnlySpan{float})"/>
    public void SetRowGradients(ReadOnlySpan<long> rows, ReadOnlySpan<float> values) => RequireRows().Take(rows, values);

    /// <summary>
    /// Sets the gradients of some rows, as <see cref="SetRowGradients(ReadOnlySpan{long}, ReadOnlySpan{float})"/> does. If the row
    /// indices ascend and none occurs twice, the values are not copied: the next steps read your memory.
    /// </summary>
    /// <param name="rows">The row indices. They are copied.</param>
    /// <param name="values">The address of the values, row after row: rows × width elements, valid and unchanged until the gradient is
    /// set again or zeroed. A clip may write to them.</param>
    /// <exception cref="ArgumentException">A row index is outside the table, or the address is null. Nothing has changed.</exception>
    /// <exception cref="InvalidOperationException">The parameter is not a table.</exception>
    public void PointRowGradientsAt(ReadOnlySpan<long> rows, float* values) => RequireRows().Point(rows, values);

    /// <summary>
    /// Points a view at values in other memory; the length stays the same. The steps that follow update these values. If there are
    /// <see cref="BFloat16Values"/>, the new values are rounded into them.
    /// </summary>
    /// <param name="values">The values. They must not overlap any other buffer of the set. Pinned until the parameter is pointed
    /// elsewhere or the set is disposed.</param>
    /// <exception cref="ArgumentException">The length differs from <see cref="Length"/>, or buffers overlap. Nothing has
    /// changed.</exception>
    /// <exception cref="InvalidOperationException">The set owns the memory of the parameter, or its values are temporarily
    /// replaced.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public void PointValuesAt(Memory<float> values) =>
        Pin(values, ref _pinnedValues, &PointValues, nameof(values));

    /// <param name="values">The address of the values, which must not overlap any other buffer of the set.</param>
    /// <inheritdoc cref="PointValuesAt(Memory{float})"/>
    public void PointValuesAt(float* values)
    {
        RequireView();
        RequireFormat(NumberFormat.Float32, nameof(values));
        if (_values == values)
        {
            return;
        }

        _set.ValueUse.RequireFree();
        ParameterCheck.Address(Name, Length, values, nameof(values));
        _set.RequireApart(this, values, BytesOf(NumberFormat.Float32), $"The values of \"{Name}\" overlap", nameof(values));
        _pinnedValues.Dispose();
        _pinnedValues = default;
        _values = values;
        _set.ValuesMoved();
        if (_stored.IsRounded)
        {
            RoundCopy();
        }
    }

    /// <summary>
    /// Points a view at values in other memory. An element of the master copy stays if it rounds to the new value, and becomes the new
    /// value otherwise; rounding errors become 0.
    /// </summary>
    /// <remarks>
    /// With <see cref="UpdatePrecision.MasterCopy"/> the format may change. If float32 values become 16-bit values, the set makes a master
    /// copy of the former values, so these must still be valid during the call. If 16-bit values become float32 values, the master copy is
    /// no longer used.
    /// </remarks>
    /// <param name="values">The values. They must not overlap any other buffer of the set.</param>
    /// <exception cref="ArgumentException">The format differs and cannot change, the length differs, or buffers overlap. Nothing has
    /// changed.</exception>
    /// <inheritdoc cref="PointValuesAt(Memory{float})" path="/exception"/>
    public void PointValuesAt(NumberMemory values)
    {
        RequireView();
        _set.ValueUse.RequireFree();
        if (UpdatePrecision != UpdatePrecision.MasterCopy)
        {
            RequireFormat(values.Format, nameof(values));
        }

        ParameterCheck.Length(Name, Length, values.Length ?? Length, nameof(values));
        MemoryHandle pinned = values.Pin(out NumberBuffer buffer);
        try
        {
            if ((buffer.Format, _viewed) == (NumberFormat.Float32, NumberFormat.Float32))
            {
                PointValuesAt(buffer.Floats);
                _pinnedValues.Dispose();
                _pinnedValues = pinned;
                return;
            }

            ParameterCheck.Address(Name, Length, (void*)buffer.Address, nameof(values));
            if (buffer != _stored)
            {
                _set.RequireApart(this, (void*)buffer.Address, BytesOf(buffer.Format), $"The values of \"{Name}\" overlap", nameof(values));
            }
        }
        catch
        {
            pinned.Dispose();
            throw;
        }

        if (_viewed == NumberFormat.Float32)
        {
            float* master = _set.TakeMasterCopy(Length);
            new ReadOnlySpan<float>(_values, Length).CopyTo(new Span<float>(master, Length));
            _values = master;
        }

        _pinnedValues.Dispose();
        _pinnedStored.Dispose();
        (_pinnedValues, _pinnedStored) = (default, default);
        _ownCopy = null;
        _viewed = buffer.Format;
        _set.Revision++;
        _set.ValuesMoved();
        if (buffer.Format == NumberFormat.Float32)
        {
            _values = buffer.Floats;
            _stored = default;
            _pinnedValues = pinned;
            return;
        }

        _stored = buffer;
        _pinnedStored = pinned;
        TakeRoundedValues();
    }

    /// <summary>
    /// Points a view at gradients in other memory. The steps that follow read these gradients. A view takes part in a step if it
    /// has a gradient buffer and <see cref="HasGradient"/> is true.
    /// </summary>
    /// <param name="gradients">The gradients. They must not overlap any values of the set. Pinned until the parameter is pointed
    /// elsewhere or the set is disposed.</param>
    /// <exception cref="ArgumentException">The length differs from <see cref="Length"/>, or the gradients overlap values. Nothing has
    /// changed.</exception>
    /// <exception cref="InvalidOperationException">The set owns the memory of the parameter, or the parameter is a table.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public void PointGradientsAt(Memory<float> gradients) =>
        Pin(gradients, ref _pinnedGradients, &PointGradients, nameof(gradients));

    /// <param name="gradients">The address of the gradients, which must not overlap any values of the set; null: as
    /// <see cref="RemoveGradients"/>.</param>
    /// <inheritdoc cref="PointGradientsAt(Memory{float})"/>
    [OverloadResolutionPriority(1)]
    public void PointGradientsAt(float* gradients) =>
        PointGradientsAt(new NumberBuffer(gradients, NumberFormat.Float32), isBuffer: gradients != null);

    /// <param name="gradients">The gradients, in any format. They must not overlap any values of the set.</param>
    /// <inheritdoc cref="PointGradientsAt(Memory{float})"/>
    public void PointGradientsAt(NumberMemory gradients)
    {
        _set.Alive(null);
        ParameterCheck.Length(Name, Length, gradients.Length ?? Length, nameof(gradients));
        MemoryHandle pinned = gradients.Pin(out NumberBuffer buffer);
        try
        {
            PointGradientsAt(buffer, isBuffer: gradients.IsGiven);
        }
        catch
        {
            pinned.Dispose();
            throw;
        }

        _pinnedGradients.Dispose();
        _pinnedGradients = pinned;
    }

    // The address of a buffer without elements may be null.
    private void PointGradientsAt(NumberBuffer gradients, bool isBuffer)
    {
        RequireView();
        if (_rows is not null)
        {
            throw new InvalidOperationException(
                $"\"{Name}\" is a table, which has gradients of some rows only. Call {nameof(PointRowGradientsAt)}.");
        }

        if (_gradients == gradients && _hasGradients == isBuffer)
        {
            return;
        }

        if (gradients.Address != 0)
        {
            _set.RequireNoValuesIn(this, gradients.Address, BytesOf(gradients.Format), nameof(gradients));
        }

        _pinnedGradients.Dispose();
        _pinnedGradients = default;
        LendGradients(gradients, isBuffer);
    }

    /// <summary>Removes the gradient buffer of a view. The parameter takes part in no step until it is pointed at gradients.</summary>
    /// <exception cref="InvalidOperationException">The set owns the memory of the parameter, or the parameter is a table.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public void RemoveGradients() => PointGradientsAt((float*)null);

    /// <summary>
    /// Whether the parameter has a gradient in the next steps. Without one the parameter does not move or decay, its update
    /// count stays, and it is not part of the norm. A gradient of zero, in contrast, is a gradient. Default true; it stays as
    /// you set it.
    /// </summary>
    public bool HasGradient
    {
        get;
        set
        {
            _set.Revision += field == value ? 0 : 1;
            field = value;
        }
    } = true;

    /// <summary>
    /// Creates <see cref="BFloat16Values"/> for values in float32, two bytes per element, or updates 16-bit values after you have changed
    /// the master copy: see <see cref="RoundValues"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">The values have 16 bits and no master copy.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public void KeepBFloat16Copy()
    {
        if (_stored.Address == 0)
        {
            BFloat16[] copy = GC.AllocateUninitializedArray<BFloat16>(Length, pinned: true);
            KeepBFloat16Copy((BFloat16*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(copy)));
            _ownCopy = copy;
            return;
        }

        RoundValues();
    }

    /// <summary>
    /// Keeps <see cref="BFloat16Values"/> in your memory, for example in the memory of a bfloat16 tensor: the values are rounded into
    /// it now, and by each step that updates them. An earlier copy is no longer updated.
    /// </summary>
    /// <param name="copy">The memory of the copy, one element for each value. It must not overlap another buffer of the set. Pinned
    /// until the copy is kept elsewhere or the set is disposed.</param>
    /// <exception cref="ArgumentException">The length differs from <see cref="Length"/>, or the copy overlaps another buffer of the set.
    /// Nothing has changed.</exception>
    /// <exception cref="InvalidOperationException">The values have 16 bits and no master copy.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public void KeepBFloat16Copy(Memory<BFloat16> copy) =>
        Pin(copy, ref _pinnedStored, &KeepCopy, nameof(copy));

    /// <param name="copy">The address of the copy, which must not overlap another buffer of the set. It has one element for each
    /// value, and is valid until the copy is kept elsewhere or the set is disposed.</param>
    /// <inheritdoc cref="KeepBFloat16Copy(Memory{BFloat16})"/>
    public void KeepBFloat16Copy(BFloat16* copy)
    {
        RequireFloats();
        ParameterCheck.Address(Name, Length, copy, nameof(copy));
        if (_stored.Address != (nuint)copy)
        {
            _set.RequireApart(this, copy, BytesOf(NumberFormat.BFloat16), $"The bfloat16 copy of \"{Name}\" overlaps", nameof(copy));
            _pinnedStored.Dispose();
            _pinnedStored = default;
            _ownCopy = null;
            _set.Revision++;
            _stored = new NumberBuffer(copy, NumberFormat.BFloat16);
        }

        RoundCopy();
    }

    /// <summary>Rounds the master copy into the 16-bit values, after you have changed <see cref="Values"/> yourself. Steps do this on
    /// their own.</summary>
    /// <exception cref="InvalidOperationException">The values have 16 bits and no master copy.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public void RoundValues()
    {
        RequireFloats();
        if (_stored.IsRounded)
        {
            RoundCopy();
        }
    }

    /// <summary>
    /// Takes over 16-bit values that you have written yourself, for example when you loaded weights. An element of the master copy that
    /// does not round to its 16-bit value becomes this value; the others stay. Rounding errors become 0. Values in float32 need no call.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public void TakeRoundedValues()
    {
        _set.Alive(null);
        _set.ValuesRevision++;
        if (_errors.Address != 0)
        {
            _errors.Clear(0, (nuint)Length);
        }

        if (!HasFloats || !_stored.IsRounded)
        {
            return;
        }

        ushort* codes = stackalloc ushort[Reductions.Block];
        float* values = stackalloc float[Reductions.Block];
        var rounded = new NumberBuffer(codes, _stored.Format);
        for (int start = 0; start < Length; start += Reductions.Block)
        {
            int count = Math.Min(Reductions.Block, Length - start);
            var stored = new ReadOnlySpan<ushort>((ushort*)_stored.Address + start, count);
            rounded.Write(0, (nuint)count, _values + start, Kernel.WidestLane);
            if (stored.SequenceEqual(new ReadOnlySpan<ushort>(codes, count)))
            {
                continue;
            }

            _stored.Read((nuint)start, (nuint)(start + count), values, Kernel.WidestLane);
            for (int i = 0; i < count; i++)
            {
                _values[start + i] = codes[i] == stored[i] ? _values[start + i] : values[i];
            }
        }
    }

    /// <summary>Copies the values as floats, whatever their format.</summary>
    /// <param name="destination">Receives <see cref="Length"/> values.</param>
    /// <exception cref="ArgumentException">The length differs from <see cref="Length"/>.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public void CopyValuesTo(Span<float> destination)
    {
        _set.Alive(null);
        ParameterCheck.Length(Name, Length, destination.Length, nameof(destination));
        ReadValues(0, destination);
    }

    /// <summary>Sets all values from floats, whatever their format. 16-bit values are rounded to the nearest number.</summary>
    /// <param name="values">The values.</param>
    /// <exception cref="ArgumentException">The length differs from <see cref="Length"/>. Nothing has changed.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public void CopyValuesFrom(ReadOnlySpan<float> values)
    {
        _set.Alive(null);
        ParameterCheck.Length(Name, Length, values.Length, nameof(values));
        if (HasFloats)
        {
            values.CopyTo(Values);
            RoundValues();
            return;
        }

        _set.ValuesRevision++;
        fixed (float* floats = values)
        {
            WriteRounded(0, Length, floats);
        }
    }

    /// <summary>Sets all values to those of another parameter of the same length, whatever the formats.</summary>
    internal void CopyValuesFrom(Parameter other)
    {
        if (other.HasFloats)
        {
            CopyValuesFrom(other.Values);
            return;
        }

        var values = new float[Length];
        other.CopyValuesTo(values);
        CopyValuesFrom(values);
    }

    /// <summary>Copies the gradients as floats, whatever their format.</summary>
    /// <param name="destination">Receives <see cref="Length"/> gradients.</param>
    /// <exception cref="ArgumentException">The length differs from <see cref="Length"/>.</exception>
    /// <exception cref="InvalidOperationException">The parameter has no gradient buffer.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public void CopyGradientsTo(Span<float> destination)
    {
        RequireGradientBuffer();
        ParameterCheck.Length(Name, Length, destination.Length, nameof(destination));
        fixed (float* floats = destination)
        {
            _gradients.Read(0, (nuint)Length, floats, Kernel.WidestLane);
        }
    }

    /// <summary>Sets all gradients from floats, whatever their format. 16-bit gradients are rounded to the nearest number.</summary>
    /// <param name="gradients">The gradients.</param>
    /// <exception cref="ArgumentException">The length differs from <see cref="Length"/>. Nothing has changed.</exception>
    /// <inheritdoc cref="CopyGradientsTo" path="/exception"/>
    public void CopyGradientsFrom(ReadOnlySpan<float> gradients)
    {
        RequireGradientBuffer();
        ParameterCheck.Length(Name, Length, gradients.Length, nameof(gradients));
        fixed (float* floats = gradients)
        {
            _gradients.Write(0, (nuint)Length, floats, Kernel.WidestLane);
        }
    }

    /// <summary>Throws if the values are replaced, or a checkpoint uses them.</summary>
    internal void RequireFreeValues() => _set.ValueUse.RequireFree();

    /// <summary>The gradients of all elements; for a table, those of the rows that have a gradient.</summary>
    internal Span<float> WritableGradients => _rows is null ? Gradients : _rows.WritableValues;

    /// <summary>Whether the gradients have 16 bits.</summary>
    internal bool HasRoundedGradients => _rows is null && _hasGradients && _gradients.Format != NumberFormat.Float32;

    /// <summary>Whether the values exist in float32: as such, or as a master copy.</summary>
    internal bool HasFloats => _values != null || _stored.Address == 0;

    /// <summary>Whether the values exist in 16 bits.</summary>
    internal bool HasRoundedValues => _stored.Address != 0;

    /// <summary>The format of the values that a forward pass reads.</summary>
    internal NumberFormat ValueFormat => _stored.Address != 0 ? _stored.Format : _viewed;

    internal UpdatePrecision UpdatePrecision { get; }

    /// <summary>The buffers for a step.</summary>
    internal ParameterBuffers Buffers => HasFloats
        ? new(new NumberBuffer(_values, NumberFormat.Float32), _gradients, default, _stored)
        : new(_stored, _gradients, _errors, default);

    /// <summary>The 16-bit values; no buffer if there are none.</summary>
    internal NumberBuffer StoredValues => _stored;

    /// <summary>The rounding errors of the 16-bit values; no buffer if they are not kept.</summary>
    internal NumberBuffer Errors => _errors;

    /// <summary>A value by its index.</summary>
    internal float ValueAt(int index)
    {
        float value = 0;
        ReadValues(index, new Span<float>(ref value));
        return value;
    }

    /// <summary>Reads values as floats, from <paramref name="start"/> on.</summary>
    internal void ReadValues(int start, Span<float> destination)
    {
        if (HasFloats)
        {
            new ReadOnlySpan<float>(_values + start, destination.Length).CopyTo(destination);
            return;
        }

        fixed (float* floats = destination)
        {
            (nuint first, nuint end) = ((nuint)start, (nuint)(start + destination.Length));
            _stored.Read(first, end, floats, Kernel.WidestLane);
            if (_errors.Address != 0)
            {
                _errors.AddTo(first, end, floats, Kernel.WidestLane);
            }
        }
    }

    /// <summary>Sets values from floats, from <paramref name="start"/> on. A load updates the 16-bit values of a master copy itself.</summary>
    internal void WriteValues(int start, ReadOnlySpan<float> values)
    {
        if (HasFloats)
        {
            values.CopyTo(new Span<float>(_values + start, values.Length));
            return;
        }

        fixed (float* floats = values)
        {
            WriteRounded(start, start + values.Length, floats);
        }
    }

    private void WriteRounded(int start, int end, float* values)
    {
        if (_errors.Address != 0)
        {
            _stored.WriteWithErrors((nuint)start, (nuint)end, values, _errors, Kernel.WidestLane);
        }
        else
        {
            _stored.Write((nuint)start, (nuint)end, values, Kernel.WidestLane);
        }
    }

    /// <summary>The largest magnitude of a value; NaN if a value is NaN.</summary>
    internal double LargestMagnitude()
    {
        if (HasFloats)
        {
            return Reductions.MaximumMagnitude(_values, (nuint)Length);
        }

        double largest = 0;
        float* values = stackalloc float[Reductions.Block];
        for (int start = 0; start < Length; start += Reductions.Block)
        {
            int count = Math.Min(Reductions.Block, Length - start);
            ReadValues(start, new Span<float>(values, count));
            largest = Math.Max(largest, Reductions.MaximumMagnitude(values, (nuint)count));
        }

        return largest;
    }

    /// <summary>The rows of a table that have a gradient; null if the parameter is not a table.</summary>
    internal SparseRows? Rows => _rows;

    /// <summary>An element of the gradient, by its number in the passes of a step, with its index in the parameter.</summary>
    internal (int Index, float Value) GradientAt(int element) =>
        _rows is null ? (element, GradientOf(element)) : (_rows.PlaceOf(element), _rows.Values[element]);

    /// <summary>Sets the gradient to zero; a table then has a gradient of no rows.</summary>
    internal void ZeroGradient()
    {
        if (_rows is not null)
        {
            _rows.Clear();
        }
        else if (HasGradientBuffer)
        {
            _set.Alive(null);
            _gradients.Clear(0, (nuint)Length);
        }
    }

    /// <summary>The shape, for code that must not allocate.</summary>
    internal ReadOnlySpan<int> Dimensions => _shape.Span;

    /// <summary>Whether the parameter takes part in the next step, unless its group is frozen.</summary>
    internal bool CanTakePart => HasGradient && (_rows is not null || HasGradientBuffer);

    /// <summary>Whether bytes overlap the values in any format, or their rounding errors.</summary>
    internal bool HasValuesIn(nuint start, nuint bytes) =>
        (HasFloats && Overlap(start, bytes, (nuint)_values, BytesOf(NumberFormat.Float32)))
        || Overlap(start, bytes, _stored.Address, BytesOf(_stored.Format))
        || Overlap(start, bytes, _errors.Address, BytesOf(_errors.Format));

    /// <summary>Whether bytes overlap the gradients.</summary>
    internal bool HasGradientsIn(nuint start, nuint bytes) =>
        _hasGradients && Overlap(start, bytes, _gradients.Address, BytesOf(_gradients.Format));

    /// <summary>The name of the buffer of this parameter that bytes overlap, for a message.</summary>
    internal string OwnBufferIn(nuint start, nuint bytes) =>
        HasGradientsIn(start, bytes) ? "its gradients"
        : !Overlap(start, bytes, _stored.Address, BytesOf(_stored.Format)) ? "its values"
        : _stored.Format == NumberFormat.BFloat16 ? "its bfloat16 copy"
        : "its half copy";

    /// <summary>The address and the length in bytes of each buffer of values, for a search by address.</summary>
    internal IEnumerable<(nuint Start, nuint Bytes)> ValueRanges()
    {
        (nuint Start, nuint Bytes)[] ranges =
        [
            ((nuint)_values, HasFloats ? BytesOf(NumberFormat.Float32) : 0),
            (_stored.Address, BytesOf(_stored.Format)),
            (_errors.Address, BytesOf(_errors.Format)),
        ];
        return ranges.Where(range => range.Start != 0 && range.Bytes > 0);
    }

    internal ParameterSet Set => _set;

    /// <summary>The end of the gradient buffer.</summary>
    internal nuint GradientsEnd => _gradients.Address + BytesOf(_gradients.Format);

    internal nuint GradientsStart => _gradients.Address;

    /// <summary>The address of the values or the master copy in float32; null if there are none.</summary>
    internal float* ValuesAddress => _values;

    /// <summary>The address of the gradients if they are in float32; otherwise null.</summary>
    internal float* GradientsAddress => _gradients.Floats;

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {_shape}";

    /// <summary>Points a parameter at a buffer for a while, for code that restores the former buffer itself.</summary>
    /// <returns>The former buffer.</returns>
    internal (NumberBuffer Gradients, bool IsBuffer) LendGradients(NumberBuffer gradients, bool isBuffer)
    {
        (NumberBuffer, bool) former = (_gradients, _hasGradients);
        _set.Revision += _hasGradients == isBuffer ? 0 : 1;
        _hasGradients = isBuffer;
        _gradients = gradients;
        _set.Moved();
        return former;
    }

    /// <summary>Unpins the memory that the parameter points at, when its set is disposed.</summary>
    internal void Unpin()
    {
        _pinnedValues.Dispose();
        _pinnedGradients.Dispose();
        _pinnedStored.Dispose();
    }

    /// <summary>Pins memory that the set has added as a view.</summary>
    internal void Hold(MemoryHandle values, MemoryHandle gradients)
    {
        if (_viewed == NumberFormat.Float32)
        {
            _pinnedValues = values;
        }
        else
        {
            _pinnedStored = values;
        }

        _pinnedGradients = gradients;
    }

    private static void PointValues(Parameter parameter, void* address) => parameter.PointValuesAt((float*)address);

    private static void PointGradients(Parameter parameter, void* address) =>
        parameter.PointGradientsAt(new NumberBuffer(address, NumberFormat.Float32), isBuffer: true);

    private static void KeepCopy(Parameter parameter, void* address) => parameter.KeepBFloat16Copy((BFloat16*)address);

    // Pins memory, points at it, and then unpins the memory of before. A source calls this in each step, so it must not allocate.
    private void Pin<T>(Memory<T> memory, ref MemoryHandle held, delegate*<Parameter, void*, void> point, string argument)
    {
        _set.Alive(null);
        ParameterCheck.Length(Name, Length, memory.Length, argument);
        MemoryHandle pinned = memory.Pin();
        try
        {
            point(this, pinned.Pointer);
        }
        catch
        {
            pinned.Dispose();
            throw;
        }

        held.Dispose();
        held = pinned;
    }

    private void RoundCopy()
    {
        _set.ValuesRevision++;
        _stored.Write(0, (nuint)Length, _values, Kernel.WidestLane);
    }

    private static bool Overlap(nuint first, nuint bytesOfFirst, nuint second, nuint bytesOfSecond) =>
        first != 0 && second != 0 && first < second + bytesOfSecond && second < first + bytesOfFirst;

    private nuint BytesOf(NumberFormat format) => (nuint)Length * NumberBuffer.SizeOf(format);

    private string NameOfValues => ValueFormat == NumberFormat.BFloat16 ? nameof(BFloat16Values) : nameof(HalfValues);

    private Span<T> Stored<T>(NumberFormat format)
    {
        _set.Alive(null);
        return _stored.IsRounded && _stored.Format == format ? new((void*)_stored.Address, Length) : default;
    }

    private Span<T> GradientsAs<T>(NumberFormat format)
    {
        RequireGradientBuffer();
        return _gradients.Format == format
            ? new((void*)_gradients.Address, Length)
            : throw new InvalidOperationException(
                $"The gradients of \"{Name}\" are in {_gradients.Format}, not in {format}. Use {NameOfGradients}, {nameof(CopyGradientsTo)} or {nameof(CopyGradientsFrom)}.");
    }

    private string NameOfGradients => _gradients.Format switch
    {
        NumberFormat.BFloat16 => nameof(BFloat16Gradients),
        NumberFormat.Half => nameof(HalfGradients),
        _ => nameof(Gradients),
    };

    private float GradientOf(int index)
    {
        float value;
        _gradients.Read((nuint)index, (nuint)index + 1, &value, widestLane: 1);
        return value;
    }

    private void RequireGradientBuffer()
    {
        _set.Alive(null);
        if (_rows is not null)
        {
            throw new InvalidOperationException(
                $"\"{Name}\" is a table, which has gradients of some rows only. Set them with {nameof(SetRowGradients)}.");
        }

        if (!HasGradientBuffer)
        {
            throw new InvalidOperationException($"\"{Name}\" has no gradient buffer now. Call {nameof(PointGradientsAt)} first.");
        }
    }

    private void RequireFloats()
    {
        _set.Alive(null);
        if (!HasFloats)
        {
            throw new InvalidOperationException(
                $"The values of \"{Name}\" are in {ValueFormat}, without a master copy in float32. Add the parameter with {nameof(Optimizers.UpdatePrecision)}.{nameof(UpdatePrecision.MasterCopy)}.");
        }
    }

    private void RequireFormat(NumberFormat given, string argument)
    {
        if (given != _viewed)
        {
            throw new ArgumentException(
                $"\"{Name}\" has values in {_viewed} with {nameof(UpdatePrecision)} {UpdatePrecision}, but {argument} are in {given}. Give memory of the same format. Only "
                + $"{nameof(PointValuesAt)}({nameof(NumberMemory)}) can change the format, with {nameof(UpdatePrecision.MasterCopy)}.",
                argument);
        }
    }

    private void RequireView()
    {
        _set.Alive(null);
        if (!_isView)
        {
            throw new InvalidOperationException(
                $"The set owns the memory of \"{Name}\", so it cannot be pointed elsewhere. Add it with {nameof(ParameterSet.AddView)} or {nameof(ParameterSet.AddTableView)}.");
        }
    }

    private SparseRows RequireRows() =>
        _rows ?? throw new InvalidOperationException($"\"{Name}\" is not a table. Write its {nameof(Gradients)}, or add it with {nameof(ParameterSet.AddTable)}.");
}
