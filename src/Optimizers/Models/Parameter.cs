using System.Runtime.InteropServices;

namespace Optimizers;

/// <summary>A named tensor of a <see cref="ParameterSet"/>: its values and its gradients, both row-major.</summary>
public sealed unsafe class Parameter
{
    private readonly ParameterSet _set;
    private readonly float* _values;
    private readonly float* _gradients;
    private readonly ValueList<int> _shape;
    private readonly SparseRows? _rows;
    private BFloat16[]? _roundedCopy;

    internal Parameter(
        ParameterSet set, string name, int[] shape, int length, float* values, float* gradients, bool isTable = false)
    {
        _rows = isTable ? new SparseRows(shape[0], shape[1]) : null;
        _set = set;
        _shape = new ValueList<int>(shape);
        _values = values;
        _gradients = gradients;
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
    /// <exception cref="InvalidOperationException">The parameter is a table, which has gradients of some rows only.</exception>
    public Span<float> Gradients => _rows is null
        ? new(_set.Alive(_gradients), Length)
        : throw new InvalidOperationException(
            $"\"{Name}\" is a table, which has gradients of some rows only. Set them with {nameof(SetRowGradients)}.");

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
    public void SetRowGradients(ReadOnlySpan<int> rows, ReadOnlySpan<float> values) => RequireRows().Take(rows, values);

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
    /// The values rounded to bfloat16, for a forward pass in bfloat16. Empty unless <see cref="KeepBFloat16Copy"/> was called.
    /// Steps keep the copy up to date in the pass in which they update the values.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public ReadOnlySpan<BFloat16> BFloat16Values
    {
        get
        {
            _set.Alive(_values);
            return _roundedCopy;
        }
    }

    /// <summary>
    /// Creates <see cref="BFloat16Values"/>, two bytes per element, or updates them after you have changed values yourself.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public void KeepBFloat16Copy()
    {
        ReadOnlySpan<float> values = Values;
        _set.ValuesRevision++;
        if (_roundedCopy is null)
        {
            _roundedCopy = GC.AllocateUninitializedArray<BFloat16>(Length, pinned: true);
            _set.Revision++;
        }

        for (int i = 0; i < values.Length; i++)
        {
            _roundedCopy[i] = BFloat16.Round(values[i]);
        }
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
        if (_rows is null)
        {
            Gradients.Clear();
        }
        else
        {
            _rows.Clear();
        }
    }

    /// <summary>The shape, for code that must not allocate.</summary>
    internal ReadOnlySpan<int> Dimensions => _shape.Span;

    // Pinned while the parameter is alive.
    internal BFloat16* RoundedCopyAddress =>
        _roundedCopy is null ? null : (BFloat16*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_roundedCopy));

    internal float* ValuesAddress => _values;

    internal float* GradientsAddress => _gradients;

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {_shape}";

    private SparseRows RequireRows() =>
        _rows ?? throw new InvalidOperationException($"\"{Name}\" is not a table. Write its {nameof(Gradients)}, or add it with {nameof(ParameterSet.AddTable)}.");
}
