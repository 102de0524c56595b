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
    private float* _values;
    private float* _gradients;
    private MemoryHandle _pinnedValues;
    private MemoryHandle _pinnedGradients;
    private bool _hasGradients;
    private MemoryHandle _pinnedCopy;
    private BFloat16[]? _ownCopy;
    private BFloat16* _roundedCopy;

    internal Parameter(
        ParameterSet set, string name, int[] shape, int length, float* values, float* gradients, bool hasGradients, bool isTable, bool isView)
    {
        _isView = isView;
        _rows = isTable ? new SparseRows(shape[0], shape[1]) : null;
        _set = set;
        _shape = new ValueList<int>(shape);
        _values = values;
        _gradients = gradients;
        _hasGradients = hasGradients;
        Name = name;
        Length = length;
    }

    /// <summary>The name, unique in its set.</summary>
    public string Name { get; }

    /// <summary>The length of each dimension; none for a scalar.</summary>
    public IReadOnlyList<int> Shape => _shape;

    /// <summary>The number of elements.</summary>
    public int Length { get; }

    /// <summary>
    /// The values, which steps update in place. The span is valid as long as the set is reachable and not disposed.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public Span<float> Values => new(_set.Alive(_values), Length);

    /// <summary>
    /// The gradients, which you write before each step. The span is valid as long as the set is reachable and not disposed.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    /// <exception cref="InvalidOperationException">The parameter is a table, which has gradients of some rows only, or it has no
    /// gradient buffer.</exception>
    public Span<float> Gradients =>
        _rows is not null ? throw new InvalidOperationException(
            $"\"{Name}\" is a table, which has gradients of some rows only. Set them with {nameof(SetRowGradients)}.")
        : !HasGradientBuffer ? throw new InvalidOperationException(
            $"\"{Name}\" has no gradient buffer now. Call {nameof(PointGradientsAt)} first.")
        : new(_set.Alive(_gradients), Length);

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
        if (_values == values)
        {
            return;
        }

        _set.ValueUse.RequireFree();
        ParameterCheck.Address(Name, Length, values, nameof(values));
        _set.RequireApart(this, values, nameof(values));
        _pinnedValues.Dispose();
        _values = values;
        _set.ValuesMoved();
        if (_roundedCopy != null)
        {
            RoundCopy();
        }
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
    public void PointGradientsAt(float* gradients) => PointGradientsAt(gradients, isBuffer: gradients != null);

    // The address of a buffer without elements may be null.
    private void PointGradientsAt(float* gradients, bool isBuffer)
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

        if (gradients != null)
        {
            _set.RequireNoValuesIn(this, gradients, nameof(gradients));
        }

        _pinnedGradients.Dispose();
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
    /// The values rounded to bfloat16, for a forward pass in bfloat16. Empty unless <see cref="KeepBFloat16Copy()"/> was called.
    /// Steps keep the copy up to date in the pass in which they update the values.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public ReadOnlySpan<BFloat16> BFloat16Values
    {
        get
        {
            _set.Alive(_values);
            return new(_roundedCopy, _roundedCopy == null ? 0 : Length);
        }
    }

    /// <summary>
    /// Creates <see cref="BFloat16Values"/>, two bytes per element, or updates them after you have changed values yourself.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public void KeepBFloat16Copy()
    {
        if (_roundedCopy == null)
        {
            BFloat16[] copy = GC.AllocateUninitializedArray<BFloat16>(Length, pinned: true);
            KeepBFloat16Copy((BFloat16*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(copy)));
            _ownCopy = copy;
            return;
        }

        RoundCopy();
    }

    /// <summary>
    /// Keeps <see cref="BFloat16Values"/> in your memory, for example in the memory of a bfloat16 tensor: the values are rounded into
    /// it now, and by each step that updates them. An earlier copy is no longer updated.
    /// </summary>
    /// <param name="copy">The memory of the copy, one element for each value. It must not overlap another buffer of the set. Pinned
    /// until the copy is kept elsewhere or the set is disposed.</param>
    /// <exception cref="ArgumentException">The length differs from <see cref="Length"/>, or the copy overlaps another buffer of the set.
    /// Nothing has changed.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public void KeepBFloat16Copy(Memory<BFloat16> copy) =>
        Pin(copy, ref _pinnedCopy, &KeepCopy, nameof(copy));

    /// <param name="copy">The address of the copy, which must not overlap another buffer of the set. It has one element for each
    /// value, and is valid until the copy is kept elsewhere or the set is disposed.</param>
    /// <inheritdoc cref="KeepBFloat16Copy(Memory{BFloat16})"/>
    public void KeepBFloat16Copy(BFloat16* copy)
    {
        _set.Alive(_values);
        ParameterCheck.Address(Name, Length, copy, nameof(copy));
        if (_roundedCopy != copy)
        {
            _set.RequireCopyApart(this, copy, nameof(copy));
            _pinnedCopy.Dispose();
            _ownCopy = null;
            _set.Revision++;
            _roundedCopy = copy;
        }

        RoundCopy();
    }

    /// <summary>Throws if the values are replaced, or a checkpoint uses them.</summary>
    internal void RequireFreeValues() => _set.ValueUse.RequireFree();

    /// <summary>The gradients of all elements; for a table, those of the rows that have a gradient.</summary>
    internal Span<float> WritableGradients => _rows is null ? Gradients : _rows.WritableValues;

    /// <summary>The rows of a table that have a gradient; null if the parameter is not a table.</summary>
    internal SparseRows? Rows => _rows;

    /// <summary>An element of the gradient, by its number in the passes of a step, with its index in the parameter.</summary>
    internal (int Index, float Value) GradientAt(int element) =>
        _rows is null ? (element, Gradients[element]) : (_rows.PlaceOf(element), _rows.Values[element]);

    /// <summary>Sets the gradient to zero; a table then has a gradient of no rows.</summary>
    internal void ZeroGradient()
    {
        if (_rows is not null)
        {
            _rows.Clear();
        }
        else if (HasGradientBuffer)
        {
            Gradients.Clear();
        }
    }

    /// <summary>The shape, for code that must not allocate.</summary>
    internal ReadOnlySpan<int> Dimensions => _shape.Span;

    /// <summary>Whether the parameter takes part in the next step, unless its group is frozen.</summary>
    internal bool CanTakePart => HasGradient && (_rows is not null || HasGradientBuffer);

    /// <summary>Whether bytes overlap the bfloat16 copy.</summary>
    internal bool HasCopyIn(void* start, nuint bytes) => Overlap(start, bytes, _roundedCopy, (nuint)Length * (nuint)sizeof(BFloat16));

    /// <summary>Whether bytes overlap the values, the gradients or the bfloat16 copy.</summary>
    internal bool HasBufferIn(void* start, nuint bytes) =>
        HasCopyIn(start, bytes)
        || Overlap(start, bytes, _values, (nuint)Length * sizeof(float))
        || (_hasGradients && Overlap(start, bytes, _gradients, (nuint)Length * sizeof(float)));

    internal BFloat16* RoundedCopyAddress => _roundedCopy;

    internal ParameterSet Set => _set;

    internal float* ValuesAddress => _values;

    internal float* GradientsAddress => _gradients;

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {_shape}";

    /// <summary>Points a parameter at a buffer for a while, for code that restores the former buffer itself.</summary>
    internal void LendGradients(float* gradients, bool isBuffer)
    {
        _set.Revision += _hasGradients == isBuffer ? 0 : 1;
        _hasGradients = isBuffer;
        _gradients = gradients;
        _set.Moved();
    }

    /// <summary>Unpins the memory that the parameter points at, when its set is disposed.</summary>
    internal void Unpin()
    {
        _pinnedValues.Dispose();
        _pinnedGradients.Dispose();
        _pinnedCopy.Dispose();
    }

    /// <summary>Pins memory that the set has added as a view.</summary>
    internal void Hold(MemoryHandle values, MemoryHandle gradients)
    {
        _pinnedValues = values;
        _pinnedGradients = gradients;
    }

    private static void PointValues(Parameter parameter, void* address) => parameter.PointValuesAt((float*)address);

    private static void PointGradients(Parameter parameter, void* address) => parameter.PointGradientsAt((float*)address, isBuffer: true);

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
        ReadOnlySpan<float> values = Values;
        _set.ValuesRevision++;
        for (int i = 0; i < values.Length; i++)
        {
            _roundedCopy[i] = BFloat16.Round(values[i]);
        }
    }

    private static bool Overlap(void* first, nuint bytesOfFirst, void* second, nuint bytesOfSecond) =>
        first != null
        && second != null
        && (nuint)first < (nuint)second + bytesOfSecond
        && (nuint)second < (nuint)first + bytesOfFirst;

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
