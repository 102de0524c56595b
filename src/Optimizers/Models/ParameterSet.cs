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
    private readonly List<MemoryHandle> _pinned = [];
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
        ObjectDisposedException.ThrowIf(_disposed, this);
        ParameterCheck.Name(name, _byName, nameof(name));
        int length = ParameterCheck.LengthOf(name, shape.ToArray(), nameof(shape));
        ParameterCheck.Length(name, length, values.Length, nameof(values));
        ParameterCheck.Length(name, length, gradients.Length, nameof(gradients));
        ParameterCheck.Overlap(name, values.Span, gradients.Span, _parameters);
        MemoryHandle pinnedValues = values.Pin();
        _pinned.Add(pinnedValues);
        MemoryHandle pinnedGradients = gradients.Pin();
        _pinned.Add(pinnedGradients);
        return Append(name, shape.ToArray(), length, (float*)pinnedValues.Pointer, (float*)pinnedGradients.Pointer);
    }

    /// <summary>
    /// Adds a table, such as an embedding, in zeroed memory that the set owns. A table is a matrix of which a step updates
    /// only some rows. It has no memory for gradients of all elements; set those of some rows with
    /// <see cref="Parameter.SetRowGradients"/>.
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
        _pinned.Add(pinned);
        return Append(name, [rows, width], length, (float*)pinned.Pointer, gradients: null, isTable: true);
    }

    /// <summary>Finds a parameter by its name; false if there is none.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out Parameter? parameter)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _byName.TryGetValue(name, out parameter);
    }

    /// <summary>Sets all gradients to zero.</summary>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public void ZeroGradients()
    {
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
        foreach (MemoryHandle handle in _pinned)
        {
            handle.Dispose();
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

    /// <summary>The current use of the values.</summary>
    internal ValueUse ValueUse { get; } = new();

    /// <summary>The averages and wrappers of these parameters that are still in use.</summary>
    internal RunParts Parts { get; } = new();

    /// <summary>Changes when the library replaces values between steps, or a user reports a change with <see cref="Parameter.KeepBFloat16Copy"/>.</summary>
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
        Parameter[] inMemory = [.. _parameters.Where(p => p.Length > 0 && !p.IsTable).OrderBy(p => (nuint)p.GradientsAddress)];
        for (int i = 1; i < inMemory.Length; i++)
        {
            if (inMemory[i - 1].GradientsAddress + inMemory[i - 1].Length > inMemory[i].GradientsAddress)
            {
                throw new ArgumentException(
                    $"The gradients of \"{inMemory[i].Name}\" overlap those of \"{inMemory[i - 1].Name}\", so they cannot be {purpose}. Use separate "
                    + "memory for each parameter.",
                    argument);
            }
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
                (float*)_gradients.Take(bytes));
        }

        return added;
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
        string name, int[] shape, int length, float* values, float* gradients, bool isTable = false)
    {
        var parameter = new Parameter(this, name, [.. shape], length, values, gradients, isTable);
        _parameters.Add(parameter);
        _byName.Add(name, parameter);
        ElementCount += length;
        return parameter;
    }
}
