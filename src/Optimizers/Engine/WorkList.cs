namespace Optimizers;

/// <summary>
/// The tensors of one step as one list of work, and the passes over it. A pass is one fork and join: all elements are cut
/// into shares at block boundaries. Which thread does which share changes nothing: element-wise work is independent, and
/// sums are kept per block.
/// </summary>
internal sealed class WorkList
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

    private Team? _team;
    private Pass _pass;
    private NormKind _normKind;

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
        Apply,
    }

    public int Count { get; private set; }

    public ref TensorJob this[int index] => ref _jobs[index];

    public void Clear()
    {
        Count = 0;
        _streams = 0;
        _measures = false;
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
        _jobs[Count].Group = group;
        return ref _jobs[Count++];
    }

    /// <summary>The norm of all gradients together, as they stand.</summary>
    public double GradientNorm(NormKind kind)
    {
        _normKind = kind;
        RunBlockwise(Pass.GradientNorm);
        double norm = 0;
        for (int job = 0; job < Count; job++)
        {
            norm = Norm.Combine(kind, norm, PartOf(kind, _first, job));
        }

        return Norm.Finish(kind, norm);
    }

    /// <summary>Updates every tensor.</summary>
    public void Apply()
    {
        if (_measures)
        {
            RunBlockwise(Pass.Measure);
            for (int job = 0; job < Count; job++)
            {
                if (_jobs[job].Group.Update is { Measures: true } update)
                {
                    update.Conclude(
                        _jobs[job].Rule,
                        PartOf(NormKind.Euclidean, _first, job),
                        PartOf(NormKind.Euclidean, _second, job));
                }
            }
        }

        Run(Pass.Apply);
    }

    // Blocks are combined in their order, and tensors in the order of the list, whoever worked them out.
    private double PartOf(NormKind kind, double[] blocks, int job)
    {
        double part = 0;
        for (int block = _firstBlocks[job]; block < _firstBlocks[job + 1]; block++)
        {
            part = Norm.Combine(kind, part, blocks[block]);
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

    private void Run(Pass pass)
    {
        nuint total = _starts[Count];
        if (total == 0)
        {
            return;
        }

        _pass = pass;
        if (_threads > 1 && (long)total * _streams >= StreamedElementsWorthForking)
        {
            _team ??= new Team(_threads, RunShare);
            _team.Run();
            return;
        }

        try
        {
            RunShare(0, 1);
        }
        catch (Exception exception)
        {
            throw Team.Incomplete(exception);
        }
    }

    private void RunShare(int share, int shares)
    {
        (int job, nuint start) = Cut(share, shares);
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

    private unsafe void RunPart(int index, nuint start, nuint end)
    {
        ref TensorJob job = ref _jobs[index];
        int firstBlock = _firstBlocks[index] + (int)(start / Reductions.Block);
        int blocks = Reductions.BlocksIn(end - start);
        switch (_pass)
        {
            case Pass.Apply when job.Coded is { } slots:
                CodedPass.Apply(job, slots, start, end, _widestLane);
                break;

            case Pass.Apply:
                job.Group.Update.Apply(job, start, end, _widestLane);
                break;

            case Pass.Measure when job.Group.Update.Measures:
                Span<double> first = _first.AsSpan(firstBlock, blocks);
                Span<double> second = _second.AsSpan(firstBlock, blocks);
                if (job.Coded is { } measured)
                {
                    CodedPass.Measure(job, measured, start, end, first, second, _widestLane);
                }
                else
                {
                    job.Group.Update.Measure(job, start, end, first, second, _widestLane);
                }

                break;

            case Pass.GradientNorm:
                for (int block = 0; block < blocks; block++)
                {
                    nuint blockStart = start + ((nuint)block * Reductions.Block);
                    _first[firstBlock + block] = Norm.OfBlock(
                        _normKind,
                        job.Addresses.Gradients + blockStart,
                        nuint.Min(end - blockStart, Reductions.Block));
                }

                break;
        }
    }
}
