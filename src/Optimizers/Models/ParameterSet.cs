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
    private readonly NativeArena _rounded = new(stream: 2 + SlotAddresses.Count);
    private readonly NativeArena _errors = new(stream: 3 + SlotAddresses.Count);
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

    /// <summary>
    /// The number formats of parameters that are added from now on in memory of the set. You may change it between two parameters, for
    /// example to keep biases and normalisation layers in float32. Default: values and gradients in float32.
    /// </summary>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is not one of its enumeration.</exception>
    public ParameterFormat Format
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            Require.Defined(value.Values, nameof(value.Values));
            Require.Defined(value.Gradients, nameof(value.Gradients));
            Require.Defined(value.UpdatePrecision, nameof(value.UpdatePrecision));
            field = value;
        }
    } = new();

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
    [OverloadResolutionPriority(1)]
    public Parameter AddView(string name, ReadOnlySpan<int> shape, Memory<float> values, Memory<float> gradients) =>
        AddView(name, shape, NumberMemory.Of(values), NumberMemory.Of(gradients));

    /// <summary>Adds a parameter in your own memory, in any number formats; values and gradients are not copied.</summary>
    /// <param name="name">A name that the set does not have yet.</param>
    /// <param name="shape">The length of each dimension, at least 0; empty for a scalar.</param>
    /// <param name="values">The values; must not overlap any other buffer in the set.</param>
    /// <param name="gradients">The gradients; must not overlap any values in the set. Default: no gradient buffer; see
    /// <see cref="Parameter.PointGradientsAt(NumberMemory)"/>.</param>
    /// <param name="updatePrecision">How 16-bit values keep small updates. The memory for this belongs to the set: a master copy that
    /// begins with your values, or rounding errors of 0.</param>
    /// <returns>The parameter.</returns>
    /// <exception cref="ArgumentException">The name is empty, taken or not allowed, a length differs from that of the shape,
    /// or buffers overlap. Nothing is added.</exception>
    public Parameter AddView(
        string name,
        ReadOnlySpan<int> shape,
        NumberMemory values,
        NumberMemory gradients = default,
        UpdatePrecision updatePrecision = UpdatePrecision.MasterCopy)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Require.Defined(updatePrecision);
        ParameterCheck.Name(name, _byName, nameof(name));
        int length = ParameterCheck.LengthOf(name, shape.ToArray(), nameof(shape));
        ParameterCheck.Length(name, length, values.Length ?? length, nameof(values));
        if (gradients.IsGiven)
        {
            ParameterCheck.Length(name, length, gradients.Length ?? length, nameof(gradients));
        }

        return AppendView(name, shape.ToArray(), length, values, gradients, updatePrecision, isTable: false);
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
    public Parameter AddView(string name, ReadOnlySpan<int> shape, Memory<float> values) =>
        AddView(name, shape, NumberMemory.Of(values));

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
        return AppendView(
            name, shape.ToArray(), length, At(values), At(gradients), UpdatePrecision.MasterCopy, isTable: false);
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
        return Append(name, [rows, width], length, Owned(length, isTable: true));
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
    public Parameter AddTableView(string name, int rows, int width, Memory<float> values) =>
        AddTableView(name, rows, width, NumberMemory.Of(values));

    /// <param name="name">A name that the set does not have yet.</param>
    /// <param name="rows">The number of rows, at least 0.</param>
    /// <param name="width">The number of elements in a row, at least 1.</param>
    /// <param name="values">The values in any format, row after row; must not overlap any other buffer in the set.</param>
    /// <param name="updatePrecision">How 16-bit values keep small updates.</param>
    /// <inheritdoc cref="AddTableView(string, int, int, Memory{float})"/>
    public Parameter AddTableView(
        string name, int rows, int width, NumberMemory values, UpdatePrecision updatePrecision = UpdatePrecision.MasterCopy)
    {
        Require.Defined(updatePrecision);
        int length = CheckTable(name, rows, width);
        ParameterCheck.Length(name, length, values.Length ?? length, nameof(values));
        return AppendView(name, [rows, width], length, values, default, updatePrecision, isTable: true);
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
        return AppendView(name, [rows, width], length, At(values), default, UpdatePrecision.MasterCopy, isTable: true);
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
        _rounded.Dispose();
        _errors.Dispose();
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

    /// <summary>The number of bytes that the set has reserved for values, gradients, master copies and rounding errors.</summary>
    internal nuint ReservedBytes => _values.ReservedBytes + _gradients.ReservedBytes + _rounded.ReservedBytes + _errors.ReservedBytes;

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
                _starts[count++] = parameter.GradientsStart;
            }
        }

        Array.Sort(_starts, _ordered, 0, count);
        for (int i = 1; i < count; i++)
        {
            if (_ordered[i - 1].GradientsEnd > _ordered[i].GradientsStart)
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

    /// <summary>Throws if a buffer of values that replaces one of a parameter would overlap another buffer.</summary>
    internal void RequireApart(Parameter parameter, void* start, nuint bytes, string what, string argument)
    {
        foreach (Parameter other in _parameters)
        {
            if (other.HasGradientsIn((nuint)start, bytes) || other.HasValuesIn((nuint)start, bytes))
            {
                string buffer = other != parameter ? $"a buffer of \"{other.Name}\"" : other.OwnBufferIn((nuint)start, bytes);
                throw new ArgumentException($"{what} {buffer}. Use separate memory for each.", argument);
            }
        }
    }

    /// <summary>Throws if gradients at an address would overlap values.</summary>
    internal void RequireNoValuesIn(Parameter parameter, nuint gradients, nuint bytes, string argument)
    {
        _ranges ??= new ValueRanges(_parameters);
        if (_ranges.Find(gradients, bytes) is { } other)
        {
            throw new ArgumentException(
                $"The gradients of \"{parameter.Name}\" overlap the values of \"{other.Name}\". Use separate memory for each.", argument);
        }
    }

    /// <summary>Memory for the master copy of a view whose values now have 16 bits.</summary>
    internal float* TakeMasterCopy(int length) => (float*)Take(_values, length, sizeof(float));

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
            Reserve(lengths);
        }

        var added = new Parameter[lengths.Length];
        for (int i = 0; i < added.Length; i++)
        {
            added[i] = Append(parameters[i].Name, parameters[i].Shape, lengths[i], Owned(lengths[i], isTable: false));
        }

        return added;
    }

    private void Reserve(int[] lengths)
    {
        (NativeArena Arena, nuint Size)[] sizes =
        [
            (_values, SizeOfValues),
            (_rounded, SizeOfRounded),
            (_errors, SizeOfErrors),
            (_gradients, NumberBuffer.SizeOf(Format.Gradients)),
        ];
        foreach ((NativeArena arena, nuint size) in sizes)
        {
            if (size > 0)
            {
                arena.Reserve((nuint)lengths.Sum(length => ((long)length * (long)size) + Placement.Page));
            }
        }
    }

    private bool IsRounded => Format.Values != NumberFormat.Float32;

    // The bytes of an element in each of the arenas.
    private nuint SizeOfValues => IsRounded && Format.UpdatePrecision != UpdatePrecision.MasterCopy ? 0 : (nuint)sizeof(float);

    private nuint SizeOfRounded => IsRounded ? NumberBuffer.SizeOf(Format.Values) : 0;

    private nuint SizeOfErrors => IsRounded && Format.UpdatePrecision == UpdatePrecision.Compensation ? NumberBuffer.SizeOf(Format.Values) : 0;

    private NewParameter Owned(int length, bool isTable) => new()
    {
        Values = (float*)Take(_values, length, SizeOfValues),
        Stored = BufferOf(Take(_rounded, length, SizeOfRounded), Format.Values),
        Errors = BufferOf(Take(_errors, length, SizeOfErrors), Format.Values),
        Gradients = new NumberBuffer(isTable ? null : Take(_gradients, length, NumberBuffer.SizeOf(Format.Gradients)), Format.Gradients),
        HasGradients = !isTable,
        UpdatePrecision = Format.UpdatePrecision,
        IsTable = isTable,
    };

    private static void* Take(NativeArena arena, int length, nuint size) => size == 0 ? null : (void*)arena.Take((nuint)length * size);

    private static NumberBuffer BufferOf(void* address, NumberFormat format) => address == null ? default : new(address, format);

    private static NumberMemory At(float* address) => NumberMemory.At(address, NumberFormat.Float32);

    private Parameter AppendView(
        string name, int[] shape, int length, NumberMemory values, NumberMemory gradients, UpdatePrecision updatePrecision, bool isTable)
    {
        MemoryHandle pinnedValues = values.Pin(out NumberBuffer ofValues);
        MemoryHandle pinnedGradients = default;
        NumberBuffer ofGradients = default;
        try
        {
            if (gradients.IsGiven)
            {
                pinnedGradients = gradients.Pin(out ofGradients);
            }

            ParameterCheck.Overlap(name, length, ofValues, ofGradients, _parameters);
        }
        catch
        {
            pinnedValues.Dispose();
            pinnedGradients.Dispose();
            throw;
        }

        bool isRounded = ofValues.IsRounded;
        bool hasMaster = isRounded && updatePrecision == UpdatePrecision.MasterCopy;
        var buffers = new NewParameter
        {
            Values = hasMaster ? (float*)Take(_values, length, sizeof(float)) : ofValues.Floats,
            Stored = isRounded ? ofValues : default,
            Errors = isRounded && updatePrecision == UpdatePrecision.Compensation
                ? BufferOf(Take(_errors, length, ofValues.ElementSize), ofValues.Format)
                : default,
            Gradients = ofGradients,
            HasGradients = gradients.IsGiven,
            UpdatePrecision = updatePrecision,
            IsTable = isTable,
            IsView = true,
        };
        Parameter parameter = Append(name, shape, length, buffers);
        parameter.Hold(pinnedValues, pinnedGradients);
        if (hasMaster)
        {
            parameter.TakeRoundedValues();
        }

        return parameter;
    }

    private int CheckTable(string name, int rows, int width)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ParameterCheck.Name(name, _byName, nameof(name));
        Require.AtLeast(rows, 0);
        Require.AtLeast(width, 1);
        return ParameterCheck.LengthOf(name, [rows, width], nameof(rows));
    }

    private Parameter Append(string name, int[] shape, int length, in NewParameter buffers)
    {
        _ranges = null;
        Moved();
        var parameter = new Parameter(this, name, [.. shape], length, buffers);
        _parameters.Add(parameter);
        _byName.Add(name, parameter);
        ElementCount += length;
        return parameter;
    }
}
