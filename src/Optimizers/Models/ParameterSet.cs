using System.Buffers;
using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Optimizers;

/// <summary>
/// The parameters of a model: names, shapes, values and gradients. The set owns their memory, aligned to cache lines, or it
/// uses your arrays without copying them.
/// </summary>
/// <example>
/// <code>
/// using var parameters = new ParameterSet();
/// parameters.Add("layer0.weight", 32, 64);
/// parameters.AddView("layer0.bias", [32], bias, biasGradients);
/// </code>
/// </example>
public sealed unsafe class ParameterSet : IReadOnlyList<Parameter>, IDisposable
{
    private readonly List<Parameter> _parameters = [];
    private readonly Dictionary<string, Parameter> _byName = new(StringComparer.Ordinal);
    private readonly NativeArena _values = new(stream: 0);
    private readonly NativeArena _gradients = new(stream: 1);
    private ValueRanges? _ranges;
    private Parameter[] _ordered = [];
    private nuint[] _starts = [];
    private int _apart = -1;
    private int _taken;
    private bool _gradientsUsed;
    private bool _valuesChanged;
    private bool _disposed;

    /// <summary>The number of parameters.</summary>
    public int Count => _parameters.Count;

    /// <summary>The number of elements of all parameters together.</summary>
    public long ElementCount { get; private set; }

    /// <summary>A parameter by its index, in the order in which parameters were added.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no parameter with this index.</exception>
    public Parameter this[int index] => (uint)index < (uint)_parameters.Count
        ? _parameters[index]
        : throw new ArgumentOutOfRangeException(nameof(index), index, $"index = {index} is outside [0, {_parameters.Count}).");

    /// <summary>A parameter by its name.</summary>
    /// <exception cref="ArgumentException">There is no parameter of this name.</exception>
    public Parameter this[string name]
    {
        get
        {
            ArgumentNullException.ThrowIfNull(name);
            return _byName.TryGetValue(name, out Parameter? parameter)
                ? parameter
                : throw UnknownName.Of("parameter", name, _byName.Keys, " in the set");
        }
    }

    /// <summary>Adds a parameter in memory that the set owns; values and gradients are zero.</summary>
    /// <param name="name">A name that the set does not have yet.</param>
    /// <param name="shape">The length of each dimension, at least 0; none for a scalar.</param>
    /// <returns>The parameter; fill it with initial values.</returns>
    /// <exception cref="ArgumentException">The name is empty, taken or not allowed, or the shape is not allowed.</exception>
    public Parameter Add(string name, params ReadOnlySpan<int> shape) =>
        AddOwned([(name, shape.ToArray())], nameof(name), nameof(shape))[0];

    /// <summary>Adds parameters in memory that the set owns, side by side and aligned; values and gradients are zero.</summary>
    /// <param name="parameters">The name and the shape of each parameter.</param>
    /// <returns>The parameters; fill them with initial values.</returns>
    /// <exception cref="ArgumentException">A name is empty, taken or not allowed, or a shape is not allowed. No parameter is
    /// added.</exception>
    public IReadOnlyList<Parameter> AddRange(params IReadOnlyList<(string Name, int[] Shape)> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return AddOwned(parameters, nameof(parameters), nameof(parameters));
    }

    /// <summary>Adds a parameter in your own memory; nothing is copied.</summary>
    /// <param name="name">A name that the set does not have yet.</param>
    /// <param name="shape">The length of each dimension, at least 0; empty for a scalar.</param>
    /// <param name="values">The values; must not overlap any other buffer in the set. Pinned until the set is disposed.</param>
    /// <param name="gradients">The gradients; must not overlap any values in the set. Pinned until the set is disposed.</param>
    /// <returns>The parameter.</returns>
    /// <exception cref="ArgumentException">The name is empty, taken or not allowed, a length differs from that of the shape,
    /// or buffers overlap. Nothing is added.</exception>
    public Parameter AddView(string name, ReadOnlySpan<int> shape, Memory<float> values, Memory<float> gradients)
    {
        int length = CheckView(name, shape, values.Span);
        ParameterCheck.Length(name, length, gradients.Length, nameof(gradients));
        ParameterCheck.Overlap(name, values.Span, gradients.Span, _parameters);
        MemoryHandle pinnedValues = values.Pin();
        MemoryHandle pinnedGradients = gradients.Pin();
        Parameter parameter = Append(
            name, shape.ToArray(), length, (float*)pinnedValues.Pointer, (float*)pinnedGradients.Pointer, hasGradients: true, isView: true);
        parameter.Hold(pinnedValues, pinnedGradients);
        return parameter;
    }

    /// <summary>
    /// Adds a parameter in your own memory, without a gradient buffer. It takes part in a step only after
    /// <see cref="Parameter.PointGradientsAt(Memory{float})"/>.
    /// </summary>
    /// <param name="name">A name that the set does not have yet.</param>
    /// <param name="shape">The length of each dimension, at least 0; empty for a scalar.</param>
    /// <param name="values">The values; must not overlap any other buffer in the set. Pinned until the set is disposed.</param>
    /// <returns>The parameter.</returns>
    /// <exception cref="ArgumentException">The name is empty, taken or not allowed, the length differs from that of the shape,
    /// or buffers overlap. Nothing is added.</exception>
    public Parameter AddView(string name, ReadOnlySpan<int> shape, Memory<float> values)
    {
        int length = CheckView(name, shape, values.Span);
        ParameterCheck.Overlap(name, values.Span, [], _parameters);
        MemoryHandle pinned = values.Pin();
        Parameter parameter = Append(name, shape.ToArray(), length, (float*)pinned.Pointer, gradients: null, isView: true);
        parameter.Hold(pinned, default);
        return parameter;
    }

    /// <summary>
    /// Adds a parameter at an address, for memory of another library. The memory must have as many elements as the shape, and stay
    /// valid until the parameter is pointed elsewhere or the set is disposed; neither can be checked.
    /// </summary>
    /// <param name="name">A name that the set does not have yet.</param>
    /// <param name="shape">The length of each dimension, at least 0; empty for a scalar.</param>
    /// <param name="values">The address of the values, which must not overlap any other buffer in the set.</param>
    /// <param name="gradients">The address of the gradients, which must not overlap any values in the set. Default null: no gradient
    /// buffer; see <see cref="Parameter.PointGradientsAt(float*)"/>.</param>
    /// <returns>The parameter.</returns>
    /// <exception cref="ArgumentException">The name is empty, taken or not allowed, the address of the values is null, or buffers
    /// overlap. Nothing is added.</exception>
    public Parameter AddView(string name, ReadOnlySpan<int> shape, float* values, float* gradients = null)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ParameterCheck.Name(name, _byName, nameof(name));
        int length = ParameterCheck.LengthOf(name, shape.ToArray(), nameof(shape));
        ParameterCheck.Address(name, length, values, nameof(values));
        ParameterCheck.Overlap(
            name, new ReadOnlySpan<float>(values, length), new ReadOnlySpan<float>(gradients, gradients == null ? 0 : length), _parameters);
        return Append(name, shape.ToArray(), length, values, gradients, hasGradients: gradients != null, isView: true);
    }

    /// <summary>
    /// Adds a table, such as an embedding, in zeroed memory that the set owns. A table is a matrix of which a step updates
    /// only some rows. It has no memory for gradients of all elements; set those of some rows with
    /// <see cref="Parameter.SetRowGradients(ReadOnlySpan{int}, ReadOnlySpan{float})"/>.
    /// </summary>
    /// <param name="name">A name that the set does not have yet.</param>
    /// <param name="rows">The number of rows, at least 0.</param>
    /// <param name="width">The number of elements in a row, at least 1.</param>
    /// <returns>The parameter; fill it with initial values.</returns>
    /// <exception cref="ArgumentException">The name is empty, taken or not allowed, or a number is out of its range.</exception>
    public Parameter AddTable(string name, int rows, int width)
    {
        int length = CheckTable(name, rows, width);
        return Append(name, [rows, width], length, (float*)_values.Take(BytesOf(length)), gradients: null, isTable: true);
    }

    /// <summary>Adds a table in your own memory; nothing is copied.</summary>
    /// <param name="name">A name that the set does not have yet.</param>
    /// <param name="rows">The number of rows, at least 0.</param>
    /// <param name="width">The number of elements in a row, at least 1.</param>
    /// <param name="values">The values, row after row; must not overlap any other buffer in the set. Pinned until the set is
    /// disposed.</param>
    /// <returns>The parameter.</returns>
    /// <exception cref="ArgumentException">The name is empty, taken or not allowed, a number is out of its range, the length
    /// is not rows × width, or buffers overlap. Nothing is added.</exception>
    public Parameter AddTableView(string name, int rows, int width, Memory<float> values)
    {
        int length = CheckTable(name, rows, width);
        ParameterCheck.Length(name, length, values.Length, nameof(values));
        ParameterCheck.Overlap(name, values.Span, [], _parameters);
        MemoryHandle pinned = values.Pin();
        Parameter parameter = Append(name, [rows, width], length, (float*)pinned.Pointer, gradients: null, isTable: true, isView: true);
        parameter.Hold(pinned, default);
        return parameter;
    }

    /// <summary>Adds a table at an address, for memory of another library.</summary>
    /// <param name="name">A name that the set does not have yet.</param>
    /// <param name="rows">The number of rows, at least 0.</param>
    /// <param name="width">The number of elements in a row, at least 1.</param>
    /// <param name="values">The address of the values, row after row: rows × width elements, valid until the parameter is pointed
    /// elsewhere or the set is disposed.</param>
    /// <returns>The parameter.</returns>
    /// <exception cref="ArgumentException">The name is empty, taken or not allowed, a number is out of its range, the address is null,
    /// or buffers overlap. Nothing is added.</exception>
    public Parameter AddTableView(string name, int rows, int width, float* values)
    {
        int length = CheckTable(name, rows, width);
        ParameterCheck.Address(name, length, values, nameof(values));
        ParameterCheck.Overlap(name, new ReadOnlySpan<float>(values, length), [], _parameters);
        return Append(name, [rows, width], length, values, gradients: null, isTable: true, isView: true);
    }

    /// <summary>Finds a parameter by its name; false if there is none.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out Parameter? parameter)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _byName.TryGetValue(name, out parameter);
    }

    /// <summary>
    /// Provides the gradients from the memory of another library, such as an autograd engine; null, the default, if you write them
    /// into the buffers of the set. Set it once, before the first step.
    /// </summary>
    /// <exception cref="InvalidOperationException">An operation is using the gradients.</exception>
    public IGradientSource? GradientSource
    {
        get;
        set
        {
            if (_taken > 0)
            {
                throw new InvalidOperationException($"An operation is using the gradients. Set {nameof(GradientSource)} before it or after it.");
            }

            field = value;
        }
    }

    /// <summary>
    /// The threads of another library on which steps run if <see cref="ModelOptimizerOptions.Threads"/> allows several; null, the default,
    /// for threads of the .NET thread pool.
    /// </summary>
    public IStepThreads? StepThreads { get; set; }

    /// <summary>Sets all gradients to zero. If there is a <see cref="GradientSource"/>, it clears its gradients.</summary>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public void ZeroGradients()
    {
        RequireAlive();
        if (GradientSource is { } source && _taken == 0)
        {
            source.ClearGradients();
            return;
        }

        foreach (Parameter parameter in _parameters)
        {
            parameter.ZeroGradient();
        }
    }

    /// <summary>Frees the memory that the set owns and unpins your memory. Its parameters can no longer be used.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _values.Dispose();
        _gradients.Dispose();
        foreach (Parameter parameter in _parameters)
        {
            parameter.Unpin();
        }
    }

    /// <inheritdoc/>
    public IEnumerator<Parameter> GetEnumerator() => _parameters.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Describes the number of parameters and elements, and the first parameters.</summary>
    public override string ToString()
    {
        const int Most = 3;
        string first = string.Join(", ", _parameters.Take(Most));
        return $"{TextTable.Count(Count, "parameter")}, {TextTable.Count(ElementCount, "element")}"
            + (Count == 0 ? string.Empty : $": {first}{(Count > Most ? ", …" : string.Empty)}")
            + (_disposed ? " (disposed)" : string.Empty);
    }

    /// <summary>Changes whenever a parameter changes in a way that a step must know, other than in its values.</summary>
    internal int Revision { get; set; }

    /// <summary>Changes whenever the address of values or gradients changes, and when a parameter is added.</summary>
    internal int Addresses { get; private set; }

    /// <summary>The current use of the values.</summary>
    internal ValueUse ValueUse { get; } = new();

    /// <summary>The averages and wrappers of these parameters that are still in use.</summary>
    internal RunParts Parts { get; } = new();

    /// <summary>Changes when the library replaces values between steps, or a user reports a change with <see cref="Parameter.KeepBFloat16Copy()"/>.</summary>
    internal int ValuesRevision { get; set; }

    /// <summary>Whether the memory has been freed.</summary>
    internal bool IsDisposed => _disposed;

    /// <summary>Throws if the memory has been freed.</summary>
    internal void RequireAlive() => ObjectDisposedException.ThrowIf(_disposed, this);

    /// <summary>Throws if there is a table, for code that needs gradients of all elements.</summary>
    internal void RequireNoTables(string user, string argument)
    {
        if (_parameters.Find(parameter => parameter.IsTable) is { } table)
        {
            throw new ArgumentException(
                $"\"{table.Name}\" is a table, which has gradients of some rows only, but {user} needs the gradients of all elements. Add it as a matrix, "
                + $"with {nameof(Add)}.",
                argument);
        }
    }

    /// <summary>Throws if gradients overlap, because they would be written more than once.</summary>
    internal void RequireGradientsApart(string purpose, string argument)
    {
        if (_apart == Addresses)
        {
            return;
        }

        // A source may point at new gradients in each step, so this must not allocate.
        if (_ordered.Length < Count)
        {
            _ordered = new Parameter[Count];
            _starts = new nuint[Count];
        }

        int count = 0;
        foreach (Parameter parameter in _parameters)
        {
            if (parameter is { Length: > 0, HasGradientBuffer: true })
            {
                _ordered[count] = parameter;
                _starts[count++] = (nuint)parameter.GradientsAddress;
            }
        }

        Array.Sort(_starts, _ordered, 0, count);
        for (int i = 1; i < count; i++)
        {
            if (_ordered[i - 1].GradientsAddress + _ordered[i - 1].Length > _ordered[i].GradientsAddress)
            {
                throw new ArgumentException(
                    $"The gradients of \"{_ordered[i].Name}\" overlap those of \"{_ordered[i - 1].Name}\", so they cannot be {purpose}. Use separate "
                    + "memory for each parameter.",
                    argument);
            }
        }

        _apart = Addresses;
    }

    /// <summary>Records that an address has changed or been added.</summary>
    internal void Moved() => Addresses++;

    /// <summary>Records that the address of values has changed.</summary>
    internal void ValuesMoved()
    {
        _ranges = null;
        ValuesRevision++;
        Moved();
    }

    /// <summary>
    /// Has the <see cref="GradientSource"/> point the parameters at their gradients, until the returned scope is disposed. Scopes nest:
    /// only the outermost one calls the source.
    /// </summary>
    internal GradientScope TakeGradients()
    {
        RequireAlive();
        _taken++;
        if (_taken == 1 && GradientSource is { } source)
        {
            try
            {
                source.TakeGradients();
            }
            catch
            {
                ReleaseGradients();
                throw;
            }
        }

        return new GradientScope(this);
    }

    /// <summary>Records that the gradients have been used, so the source clears them at the end of the scope.</summary>
    internal void GradientsUsed() => _gradientsUsed = true;

    /// <summary>Records that a step or another operation of the library has changed values.</summary>
    internal void ValuesChanged() => _valuesChanged = true;

    /// <summary>Ends a scope of <see cref="TakeGradients"/>.</summary>
    internal void ReleaseGradients()
    {
        _taken--;
        if (_taken == 0)
        {
            (bool used, bool changed) = (_gradientsUsed, _valuesChanged);
            (_gradientsUsed, _valuesChanged) = (false, false);
            GradientSource?.ReleaseGradients(used, changed);
        }
    }

    /// <summary>Throws if values at an address would overlap another buffer.</summary>
    internal void RequireApart(Parameter parameter, float* values, string argument)
    {
        var given = new ReadOnlySpan<float>(values, parameter.Length);
        if (parameter.HasGradientBuffer && given.Overlaps(parameter.Gradients))
        {
            throw new ArgumentException($"The values of \"{parameter.Name}\" overlap its gradients. Use separate memory for each.", argument);
        }

        if (parameter.HasCopyIn(values, BytesOf(parameter.Length)))
        {
            throw new ArgumentException($"The values of \"{parameter.Name}\" overlap its bfloat16 copy. Use separate memory for each.", argument);
        }

        ParameterCheck.Overlap(parameter.Name, given, [], _parameters.Where(other => other != parameter));
    }

    /// <summary>Throws if a bfloat16 copy at an address would overlap another buffer.</summary>
    internal void RequireCopyApart(Parameter parameter, BFloat16* copy, string argument)
    {
        nuint bytes = (nuint)parameter.Length * (nuint)sizeof(BFloat16);
        foreach (Parameter other in _parameters)
        {
            if (other.HasBufferIn(copy, bytes))
            {
                throw new ArgumentException(
                    $"The bfloat16 copy of \"{parameter.Name}\" overlaps a buffer of \"{other.Name}\". Use separate memory for each.", argument);
            }
        }
    }

    /// <summary>Throws if gradients at an address would overlap values.</summary>
    internal void RequireNoValuesIn(Parameter parameter, float* gradients, string argument)
    {
        _ranges ??= new ValueRanges(_parameters);
        if (_ranges.Find((nuint)gradients, parameter.Length) is { } other)
        {
            throw new ArgumentException(
                $"The gradients of \"{parameter.Name}\" overlap the values of \"{other.Name}\". Use separate memory for each.", argument);
        }
    }

    internal float* Alive(float* address)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return address;
    }

    private Parameter[] AddOwned(
        IReadOnlyList<(string Name, int[] Shape)> parameters, string nameArgument, string shapeArgument)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var lengths = new int[parameters.Count];
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < lengths.Length; i++)
        {
            (string name, int[] shape) = parameters[i];
            ParameterCheck.Name(name, _byName, nameArgument);
            if (!names.Add(name))
            {
                throw new ArgumentException($"Two parameters are named \"{name}\". Names in a set must differ.", nameArgument);
            }

            lengths[i] = ParameterCheck.LengthOf(name, shape, shapeArgument);
        }

        if (lengths.Length > 1)
        {
            nuint together = (nuint)lengths.Sum(length => (long)BytesOf(length) + Placement.Page);
            _values.Reserve(together);
            _gradients.Reserve(together);
        }

        var added = new Parameter[lengths.Length];
        for (int i = 0; i < added.Length; i++)
        {
            nuint bytes = BytesOf(lengths[i]);
            added[i] = Append(
                parameters[i].Name,
                parameters[i].Shape,
                lengths[i],
                (float*)_values.Take(bytes),
                (float*)_gradients.Take(bytes),
                hasGradients: true);
        }

        return added;
    }

    private int CheckView(string name, ReadOnlySpan<int> shape, ReadOnlySpan<float> values)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ParameterCheck.Name(name, _byName, nameof(name));
        int length = ParameterCheck.LengthOf(name, shape.ToArray(), nameof(shape));
        ParameterCheck.Length(name, length, values.Length, nameof(values));
        return length;
    }

    private int CheckTable(string name, int rows, int width)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ParameterCheck.Name(name, _byName, nameof(name));
        Require.AtLeast(rows, 0);
        Require.AtLeast(width, 1);
        return ParameterCheck.LengthOf(name, [rows, width], nameof(rows));
    }

    private static nuint BytesOf(int length) => (nuint)length * sizeof(float);

    private Parameter Append(
        string name,
        int[] shape,
        int length,
        float* values,
        float* gradients,
        bool hasGradients = false,
        bool isTable = false,
        bool isView = false)
    {
        _ranges = null;
        Moved();
        var parameter = new Parameter(this, name, [.. shape], length, values, gradients, hasGradients, isTable, isView);
        _parameters.Add(parameter);
        _byName.Add(name, parameter);
        ElementCount += length;
        return parameter;
    }
}
