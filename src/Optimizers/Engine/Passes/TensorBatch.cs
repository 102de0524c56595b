namespace Optimizers.Engine;

/// <summary>
/// The tensors of one step as one list of work. It is cut into shares at multiples of a number of elements, counted from the
/// start of each tensor.
/// </summary>
internal sealed unsafe class TensorBatch
{
    private TensorJob[] _jobs = new TensorJob[1];
    private nuint[] _starts = new nuint[2];
    private int[] _firstBlocks = new int[2];

    /// <summary>The number of tensors.</summary>
    public int Count { get; private set; }

    /// <summary>The largest number of buffers that the update of an element reads.</summary>
    public int Streams { get; private set; }

    /// <summary>Whether any tensor is measured before its update.</summary>
    public bool Measures { get; private set; }

    /// <summary>Whether the moving elements of any tensor are counted before its update.</summary>
    public bool Counts { get; private set; }

    /// <summary>Whether there is matrix work between the passes.</summary>
    public bool HasMatrices { get; private set; }

    /// <summary>The number of elements of all tensors.</summary>
    public nuint Length => _starts[Count];

    /// <summary>The number of blocks of all tensors.</summary>
    public int BlockCount => _firstBlocks[Count];

    public ref TensorJob this[int index] => ref _jobs[index];

    public void Clear()
    {
        Count = 0;
        Streams = 0;
        Measures = false;
        Counts = false;
        HasMatrices = false;
    }

    /// <summary>Adds a tensor. Its buffers must be pinned.</summary>
    public void Add(GroupStep group, OptimizerState state, float* parameters, float* gradients)
    {
        ref TensorJob job = ref Add(group, state, state.Length);
        job.Addresses.Parameters = parameters;
        job.Addresses.Gradients = gradients;
    }

    /// <summary>Adds a parameter. Its buffers must be pinned.</summary>
    /// <param name="group">The step of its group.</param>
    /// <param name="state">Its state.</param>
    /// <param name="buffers">Its buffers.</param>
    /// <param name="rows">The rows that have a gradient, if it is a table; otherwise null.</param>
    public void Add(GroupStep group, OptimizerState state, in ParameterBuffers buffers, SparseRows? rows = null)
    {
        ref TensorJob job = ref Add(group, state, rows?.Length ?? state.Length);
        job.Take(buffers);
        if (rows is not null)
        {
            job.Addresses.Gradients = rows.Address;
            job.Rows = rows;
        }
    }

    /// <summary>Adds a tensor of a given length. Its buffers must be set afterwards.</summary>
    public ref TensorJob Add(GroupStep group, OptimizerState state, int length)
    {
        if (Count == _jobs.Length)
        {
            Array.Resize(ref _jobs, 2 * Count);
            Array.Resize(ref _starts, (2 * Count) + 1);
            Array.Resize(ref _firstBlocks, (2 * Count) + 1);
        }

        Streams = Math.Max(Streams, group.Streams);
        Measures |= group.Measures;
        Counts |= group.Counts;
        HasMatrices |= group.Matrices is not null;
        ref TensorJob job = ref _jobs[Count];
        job.Group = group;
        job.ClipFactor = 1;
        job.Rows = null;
        job.Addresses.Slots = state.Addresses;
        job.StoredValues = default;
        job.StoredGradients = default;
        job.Errors = default;
        job.RoundedCopy = default;
        job.Shape = state.Shape;
        job.Format = state.Format;
        job.Quantized = state.Quantized;
        SetLength(Count++, (nuint)length);
        return ref job;
    }

    /// <summary>Sets the length of every table to that of its rows with a gradient.</summary>
    public void TakeRows()
    {
        nuint before = _starts[0];
        for (int i = 0; i < Count; i++)
        {
            nuint length = _starts[i + 1] - before;
            before = _starts[i + 1];
            if (_jobs[i].Rows is { } rows)
            {
                length = (nuint)rows.Length;
                _jobs[i].Addresses.Gradients = rows.Address;
            }

            SetLength(i, length);
        }
    }

    /// <summary>The number of elements of a tensor.</summary>
    public nuint LengthOf(int job) => _starts[job + 1] - _starts[job];

    /// <summary>The range of a tensor's blocks, with an exclusive end.</summary>
    public (int Start, int End) BlocksOf(int job) => (_firstBlocks[job], _firstBlocks[job + 1]);

    /// <summary>
    /// The start of a share: all elements are divided evenly, and each start is moved back to a multiple of the grid in its tensor.
    /// </summary>
    public (int Job, nuint Start) Cut(int share, int shares, uint grid = Reductions.Block)
    {
        if (share == shares)
        {
            return (Count, 0);
        }

        nuint position = _starts[Count] / (nuint)shares * (nuint)share;
        int job = _starts.AsSpan(0, Count).BinarySearch(position);
        if (job < 0)
        {
            job = ~job - 1;
        }

        nuint start = position - _starts[job];
        return (job, start - (start % grid));
    }

    private void SetLength(int job, nuint length)
    {
        _jobs[job].FirstBlock = _firstBlocks[job];
        _starts[job + 1] = _starts[job] + length;
        _firstBlocks[job + 1] = _firstBlocks[job] + Reductions.BlocksIn(length);
    }
}
