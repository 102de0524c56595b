using System.Numerics.Tensors;

namespace Optimizers.Engine;

/// <summary>
/// The tensors of one step as one list of work, and the passes over it. A pass is one fork and join: all elements are cut
/// into shares at block boundaries. Which thread does which share changes nothing: element-wise work is independent, and
/// sums are kept per block.
/// </summary>
internal sealed class WorkList : ITaskRunner
{
    // Below this much memory traffic a second thread costs more than it brings (docs/performance.md).
    private const long StreamedElementsWorthForking = 100_000;

    // Nobody has more processors for one step, but somebody may write int.MaxValue for "all".
    private const int MostThreads = 1024;

    private readonly int _threads;
    private readonly int _widestLane;

    private TensorJob[] _jobs = new TensorJob[1];
    private nuint[] _starts = new nuint[2];
    private int[] _firstBlocks = new int[2];
    private double[] _first = [];
    private double[] _second = [];
    private int _streams;
    private bool _measures;
    private bool _counts;
    private bool _hasMatrices;
    private ITasks? _tasks;
    private int _taskCount;

    private ThreadTeam? _team;
    private Pass _pass;
    private Norm _norm;

    /// <param name="threads">The number of threads to use at most; 0: as many as there are processors.</param>
    /// <param name="widestLane">The widest lane to use; 0: the processor's.</param>
    public WorkList(int threads, int widestLane = 0)
    {
        Require.AtLeast(threads, 0);
        _threads = threads == 0 ? Environment.ProcessorCount : Math.Min(threads, MostThreads);
        _widestLane = widestLane == 0 ? Kernel.WidestLane : widestLane;
    }

    private enum Pass
    {
        GradientNorm,
        Measure,
        Count,
        Apply,
        ApplyMeasured,
        Tasks,
    }

    public int Count { get; private set; }

    /// <summary>The widest lane that it uses.</summary>
    public int WidestLane => _widestLane;

    public ref TensorJob this[int index] => ref _jobs[index];

    public void Clear()
    {
        Count = 0;
        _streams = 0;
        _measures = false;
        _counts = false;
        _hasMatrices = false;
    }

    /// <summary>Adds a tensor.</summary>
    /// <returns>Its job, to be filled in.</returns>
    public ref TensorJob Add(GroupUpdate group, int length)
    {
        if (Count == _jobs.Length)
        {
            Array.Resize(ref _jobs, 2 * Count);
            Array.Resize(ref _starts, 2 * Count + 1);
            Array.Resize(ref _firstBlocks, 2 * Count + 1);
        }

        _starts[Count + 1] = _starts[Count] + (nuint)length;
        _firstBlocks[Count + 1] = _firstBlocks[Count] + Reductions.BlocksIn((nuint)length);
        _streams = Math.Max(_streams, group.Streams);
        _measures |= group.Update.Measures;
        _counts |= group.Update.Counts;
        _hasMatrices |= group.Update.Matrices is not null;
        ref TensorJob job = ref _jobs[Count++];
        job.Group = group;
        job.ClipFactor = 1;
        return ref job;
    }

    /// <summary>Has every table of which some rows have a gradient be as long as those are now.</summary>
    public unsafe void TakeRows()
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

            _starts[i + 1] = _starts[i] + length;
            _firstBlocks[i + 1] = _firstBlocks[i] + Reductions.BlocksIn(length);
        }
    }

    /// <summary>The norm of all gradients together, as they stand. It is finite exactly if they all are.</summary>
    public double GradientNorm(Norm norm)
    {
        _norm = norm;
        RunBlockwise(Pass.GradientNorm);
        NormPart whole = default;
        for (int job = 0; job < Count; job++)
        {
            whole = norm.Combine(whole, NormPartOf(job));
        }

        return norm.Finish(whole);
    }

    /// <summary>The norm of one tensor's gradients, after <see cref="GradientNorm"/>.</summary>
    public double GradientNormOf(int job) => _norm.Finish(NormPartOf(job));

    /// <summary>The first gradient that is not finite, after <see cref="GradientNorm"/> gave a norm that is not.</summary>
    public unsafe (int Job, int Index) FindNonFinite()
    {
        int job = 0;
        while (double.IsFinite(GradientNormOf(job)))
        {
            job++;
        }

        int index = 0;
        while (float.IsFinite(_jobs[job].Addresses.Gradients[index]))
        {
            index++;
        }

        return (job, index);
    }

    /// <summary>Updates every tensor.</summary>
    /// <param name="measured">Whether to measure how far each moves: see <see cref="UpdateRatioOf"/>.</param>
    public void Apply(bool measured = false)
    {
        for (int job = 0; _hasMatrices && job < Count; job++)
        {
            _jobs[job].Group.Update.Matrices?.Before(_jobs[job], this);
        }

        if (_measures)
        {
            RunBlockwise(Pass.Measure);
            Conclude();
        }

        for (int job = 0; _hasMatrices && job < Count; job++)
        {
            IUpdate update = _jobs[job].Group.Update;
            update.Matrices?.After(_jobs[job], update.SumsOf(_jobs[job].Rule), this);
        }

        if (_counts)
        {
            RunBlockwise(Pass.Count);
            TakeShares();
        }

        if (measured)
        {
            RunBlockwise(Pass.ApplyMeasured);
        }
        else
        {
            Run(Pass.Apply);
        }
    }

    private void TakeShares()
    {
        for (int job = 0; job < Count; job++)
        {
            if (_jobs[job].Group.Update is { Counts: true } update)
            {
                update.TakeShare(_jobs[job].Rule, SumOf(_first, job) / (_starts[job + 1] - _starts[job]));
            }
        }
    }

    /// <summary>
    /// How far a tensor moved in a measured <see cref="Apply(bool)"/>, by its own norm before: ‖Δp‖/‖p‖; NaN if that norm was 0.
    /// </summary>
    public double UpdateRatioOf(int job)
    {
        double before = SumOf(_second, job);
        return before == 0 ? double.NaN : Math.Sqrt(SumOf(_first, job) / before);
    }

    private void Conclude()
    {
        for (int job = 0; job < Count; job++)
        {
            if (_jobs[job].Group.Update is { Measures: true } update)
            {
                var sums = new MeasuredSums(SumOf(_first, job), SumOf(_second, job), (long)(_starts[job + 1] - _starts[job]));
                update.Collect(_jobs[job].Rule, sums);
            }
        }

        for (int job = 0; job < Count; job++)
        {
            if (_jobs[job].Group.Update is { Measures: true } update)
            {
                update.Conclude(_jobs[job].Rule);
            }
        }
    }

    // Blocks are combined in their order, and tensors in the order of the list, whoever worked them out.
    private double SumOf(double[] blocks, int job)
    {
        double sum = 0;
        for (int block = _firstBlocks[job]; block < _firstBlocks[job + 1]; block++)
        {
            sum += blocks[block];
        }

        return sum;
    }

    private NormPart NormPartOf(int job)
    {
        NormPart part = default;
        for (int block = _firstBlocks[job]; block < _firstBlocks[job + 1]; block++)
        {
            part = _norm.Combine(part, new NormPart(_first[block], _second[block]));
        }

        return part;
    }

    private void RunBlockwise(Pass pass)
    {
        int blocks = _firstBlocks[Count];
        if (_first.Length < blocks)
        {
            _first = new double[blocks];
            _second = new double[blocks];
        }

        Run(pass);
    }

    void ITaskRunner.Run(ITasks tasks, int count, long effort)
    {
        _tasks = tasks;
        _taskCount = count;
        Run(Pass.Tasks, effort);
    }

    private void Run(Pass pass)
    {
        if (_starts[Count] != 0)
        {
            Run(pass, (long)_starts[Count] * _streams);
        }
    }

    private void Run(Pass pass, long effort)
    {
        _pass = pass;
        if (_threads > 1 && effort >= StreamedElementsWorthForking)
        {
            _team ??= new ThreadTeam(_threads, RunShare);
            _team.Run();
            return;
        }

        try
        {
            RunShare(0, 1);
        }
        catch (Exception exception)
        {
            throw ThreadTeam.Incomplete(exception);
        }
    }

    private void RunTasks(int share, int shares)
    {
        int end = (int)((long)_taskCount * (share + 1) / shares);
        for (int task = (int)((long)_taskCount * share / shares); task < end; task++)
        {
            _tasks!.Run(task, _widestLane);
        }
    }

    private void RunShare(int share, int shares)
    {
        if (_pass == Pass.Tasks)
        {
            RunTasks(share, shares);
            return;
        }

        // The only share needs no divisions, which a small tensor would notice.
        (int job, nuint start) = shares == 1 ? (0, 0) : Cut(share, shares);
        (int lastJob, nuint lastEnd) = Cut(share + 1, shares);
        for (; job < lastJob; job++, start = 0)
        {
            RunPart(job, start, _starts[job + 1] - _starts[job]);
        }

        if (start < lastEnd)
        {
            RunPart(job, start, lastEnd);
        }
    }

    // Where a share begins: an even division of all elements, moved back to the block boundary of the tensor it falls in.
    private (int Job, nuint Start) Cut(int share, int shares)
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
        return (job, start - start % Reductions.Block);
    }

    private void RunPart(int index, nuint start, nuint end)
    {
        if (_pass == Pass.Apply)
        {
            Apply(_jobs[index], start, end);
        }
        else
        {
            RunBlocks(index, start, end);
        }
    }

    private unsafe void RunBlocks(int index, nuint start, nuint end)
    {
        ref TensorJob job = ref _jobs[index];
        int firstBlock = _firstBlocks[index] + (int)(start / Reductions.Block);
        int blocks = Reductions.BlocksIn(end - start);
        switch (_pass)
        {
            case Pass.Measure when job.Group.Update.Measures:
            case Pass.Count when job.Group.Update.Counts:
                Span<double> first = _first.AsSpan(firstBlock, blocks);
                Span<double> second = _second.AsSpan(firstBlock, blocks);
                bool counting = _pass == Pass.Count;
                if (job.Coded is { } slots)
                {
                    QuantizedStatePass.Gather(job, slots, start, end, first, second, counting, _widestLane);
                }
                else
                {
                    job.Group.Update.Gather(job, start, end, first, second, counting, _widestLane);
                }

                break;

            case Pass.ApplyMeasured:
                for (int block = 0; block < blocks; block++)
                {
                    nuint blockStart = start + ((nuint)block * Reductions.Block);
                    ApplyMeasured(
                        job, blockStart, nuint.Min(end, blockStart + Reductions.Block), firstBlock + block);
                }

                break;

            case Pass.GradientNorm:
                for (int block = 0; block < blocks; block++)
                {
                    nuint blockStart = start + ((nuint)block * Reductions.Block);
                    NormPart part = _norm.OfBlock(
                        job.Addresses.Gradients + blockStart, nuint.Min(end - blockStart, Reductions.Block));
                    _first[firstBlock + block] = part.Largest;
                    _second[firstBlock + block] = part.Sum;
                }

                break;
        }
    }

    private void Apply(in TensorJob job, nuint start, nuint end)
    {
        if (job.Rows is { } rows)
        {
            RowsPass.Apply(job, rows, start, end, _widestLane);
        }
        else if (job.Coded is { } slots)
        {
            QuantizedStatePass.Apply(job, slots, start, end, _widestLane);
        }
        else
        {
            job.Group.Update.Apply(job, start, end, _widestLane);
        }
    }

    // The values before lie on the stack, so that no buffer grows with the model.
    private unsafe void ApplyMeasured(in TensorJob job, nuint start, nuint end, int block)
    {
        Span<float> moved = stackalloc float[(int)(end - start)];
        Span<float> values = stackalloc float[moved.Length];
        RowsPass.Gather(job, start, moved);
        _second[block] = Norm.Euclidean.OfTensor(moved).Sum;
        Apply(job, start, end);
        RowsPass.Gather(job, start, values);
        TensorPrimitives.Subtract(values, moved, moved);
        _first[block] = Norm.Euclidean.OfTensor(moved).Sum;
    }
}
