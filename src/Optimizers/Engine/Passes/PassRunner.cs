using System.Numerics.Tensors;

namespace Optimizers.Engine;

/// <summary>
/// Runs the passes of a step over its tensors. A pass is one fork and join. The result does not depend on which thread computes a
/// share: element-wise work is independent, and sums are kept per block.
/// </summary>
internal sealed class PassRunner : ITaskRunner
{
    // With less memory traffic for each thread, a further thread costs more time than it saves (docs/performance.md).
    private const long StreamedElementsOfThread = 50_000;

    // Threads share an update at these boundaries, which are finer than those of sums. It is a multiple of a block of 8-bit state.
    private const int UpdateGrid = 1024;

    // No machine has more processors for one step, but a user may pass int.MaxValue for "all".
    private const int MostThreads = 1024;

    private static readonly BlockwisePass _measure = Measure;
    private static readonly BlockwisePass _count = Count;

    private readonly TensorBatch _batch;
    private readonly BlockSums _sums = new();
    private readonly int _threads;
    private ITasks? _tasks;
    private int _taskCount;
    private ThreadTeam? _team;
    private Pass _pass;
    private Norm _norm;

    /// <param name="batch">The tensors.</param>
    /// <param name="threads">The largest number of threads; 0: the number of processors.</param>
    /// <param name="widestLane">The widest lane to use; 0: the processor's.</param>
    public PassRunner(TensorBatch batch, int threads, int widestLane = 0)
    {
        Require.AtLeast(threads, 0);
        _batch = batch;
        _threads = threads == 0 ? Environment.ProcessorCount : Math.Min(threads, MostThreads);
        WidestLane = widestLane == 0 ? Kernel.WidestLane : Math.Min(widestLane, Kernel.WidestLane);
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

    /// <summary>Threads of another library to use instead of the thread pool's; null if there are none.</summary>
    public IStepThreads? OtherThreads { get; set; }

    /// <summary>The width of the widest lane in use.</summary>
    public int WidestLane { get; }

    /// <summary>The number of threads that a pass is worth.</summary>
    /// <param name="effort">The number of elements that the pass reads, over all buffers.</param>
    /// <param name="most">The largest number.</param>
    public static int ThreadsFor(long effort, int most) => (int)Math.Clamp(effort / StreamedElementsOfThread, 1, most);

    /// <summary>The norm of all gradients together, as they are in the buffers. It is finite if and only if all of them are.</summary>
    public double GradientNorm(Norm norm)
    {
        _norm = norm;
        RunBlockwise(Pass.GradientNorm);
        NormPart whole = default;
        for (int job = 0; job < _batch.Count; job++)
        {
            whole = norm.Combine(whole, NormPartOf(job));
        }

        return norm.Finish(whole);
    }

    /// <summary>The norm of one tensor's gradients. Call <see cref="GradientNorm"/> first.</summary>
    public double GradientNormOf(int job) => _norm.Finish(NormPartOf(job));

    /// <summary>The first gradient that is not finite. Call it if <see cref="GradientNorm"/> has returned a norm that is not finite.</summary>
    public unsafe (int Job, int Index) FindNonFinite()
    {
        int job = 0;
        while (double.IsFinite(GradientNormOf(job)))
        {
            job++;
        }

        int index = 0;
        while (float.IsFinite(_batch[job].GradientAt(index)))
        {
            index++;
        }

        return (job, index);
    }

    /// <summary>Updates every tensor.</summary>
    /// <param name="measured">Whether to measure how far each tensor moves: see <see cref="UpdateRatioOf"/>.</param>
    public void Apply(bool measured = false)
    {
        if (_batch.Measures | _batch.Counts | _batch.HasMatrices)
        {
            Prepare();
        }

        if (measured)
        {
            RunBlockwise(Pass.ApplyMeasured);
        }
        else
        {
            Run(Pass.Apply, (long)_batch.Length * _batch.Streams);
        }
    }

    /// <summary>
    /// The relative move of a tensor in a measured <see cref="Apply(bool)"/>: ‖Δp‖/‖p‖, with ‖p‖ before the update; NaN if ‖p‖ was 0.
    /// </summary>
    public double UpdateRatioOf(int job)
    {
        (int start, int end) = _batch.BlocksOf(job);
        double before = _sums.SumOfSecond(start, end);
        return before == 0 ? double.NaN : Math.Sqrt(_sums.SumOfFirst(start, end) / before);
    }

    void ITaskRunner.Run(ITasks tasks, int count, long effort)
    {
        _tasks = tasks;
        _taskCount = count;
        Run(Pass.Tasks, effort);
    }

    // The passes before the update: matrix work before and after a measuring pass, and a counting pass.
    private void Prepare()
    {
        for (int job = 0; job < _batch.Count; job++)
        {
            _batch[job].Group.Matrices?.Before(_batch[job], this);
        }

        if (_batch.Measures)
        {
            RunBlockwise(Pass.Measure);
            TakeSums();
        }

        for (int job = 0; job < _batch.Count; job++)
        {
            GroupStep group = _batch[job].Group;
            group.Matrices?.After(_batch[job], group.SumsOf(_batch[job].Rule), this);
        }

        if (_batch.Counts)
        {
            RunBlockwise(Pass.Count);
            SetMovingShares();
        }
    }

    private void TakeSums()
    {
        for (int job = 0; job < _batch.Count; job++)
        {
            if (_batch[job].Group is { Measures: true } group)
            {
                (int start, int end) = _batch.BlocksOf(job);
                group.StoreSums(
                    _batch[job].Rule,
                    new MeasuredSums(_sums.SumOfFirst(start, end), _sums.SumOfSecond(start, end), (long)_batch.LengthOf(job)));
            }
        }

        for (int job = 0; job < _batch.Count; job++)
        {
            if (_batch[job].Group is { Measures: true } group)
            {
                group.ApplySums(_batch[job].Rule);
            }
        }
    }

    private void SetMovingShares()
    {
        for (int job = 0; job < _batch.Count; job++)
        {
            if (_batch[job].Group is { Counts: true } group)
            {
                (int start, int end) = _batch.BlocksOf(job);
                group.SetMovingShare(_batch[job].Rule, _sums.SumOfFirst(start, end) / _batch.LengthOf(job));
            }
        }
    }

    private NormPart NormPartOf(int job)
    {
        (int start, int end) = _batch.BlocksOf(job);
        return _sums.PartOf(_norm, start, end);
    }

    private void RunBlockwise(Pass pass)
    {
        _sums.Reserve(_batch.BlockCount);
        Run(pass, (long)_batch.Length * _batch.Streams);
    }

    private void Run(Pass pass, long effort)
    {
        _pass = pass;
        int threads = ThreadsFor(effort, _threads);
        if (threads > 1)
        {
            _team ??= new ThreadTeam(_threads, RunShare);
            _team.Run(threads, OtherThreads);
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

    private void RunShare(int share, int shares)
    {
        if (_pass == Pass.Tasks)
        {
            RunTasks(share, shares);
            return;
        }

        // A single share needs no divisions, which would cost noticeable time for a small tensor.
        uint grid = _pass == Pass.Apply ? UpdateGrid : (uint)Reductions.Block;
        (int job, nuint start) = shares == 1 ? (0, 0) : _batch.Cut(share, shares, grid);
        (int lastJob, nuint lastEnd) = _batch.Cut(share + 1, shares, grid);
        for (; job < lastJob || (job == lastJob && start < lastEnd); job++, start = 0)
        {
            ref readonly TensorJob part = ref _batch[job];
            nuint end = job < lastJob ? _batch.LengthOf(job) : lastEnd;
            if (start == end)
            {
                continue;
            }

            if (_pass != Pass.Apply)
            {
                RunBlocks(part, start, end);
            }
            else if (part.IsPlain)
            {
                part.Group.Apply(part, part.Group.Transforms, start, end, WidestLane);
            }
            else
            {
                BlockPass.Apply(part, start, end, WidestLane);
            }
        }
    }

    private void RunTasks(int share, int shares)
    {
        int end = (int)((long)_taskCount * (share + 1) / shares);
        for (int task = (int)((long)_taskCount * share / shares); task < end; task++)
        {
            _tasks!.Run(task, WidestLane);
        }
    }

    private void RunBlocks(in TensorJob job, nuint start, nuint end)
    {
        switch (_pass)
        {
            case Pass.Measure when job.Group.Measures:
                Measure(job, start, end, _sums, WidestLane);
                break;

            case Pass.Count when job.Group.Counts:
                Count(job, start, end, _sums, WidestLane);
                break;

            case Pass.ApplyMeasured:
            case Pass.GradientNorm:
                int block = job.FirstBlock + (int)(start / Reductions.Block);
                for (; start < end; start += Reductions.Block, block++)
                {
                    RunBlock(job, start, nuint.Min(end, start + Reductions.Block), block);
                }

                break;
        }
    }

    private static void Measure(in TensorJob job, nuint start, nuint end, BlockSums sums, int widestLane)
    {
        if (job.IsDecoded)
        {
            DecodedPass.RunBlocks(job, start, end, sums, _measure, widestLane);
        }
        else if (job.Quantized is { } slots)
        {
            QuantizedStatePass.Measure(job, slots, start, end, sums, widestLane);
        }
        else
        {
            job.Group.Measure(job, start, end, sums, widestLane);
        }
    }

    private static void Count(in TensorJob job, nuint start, nuint end, BlockSums sums, int widestLane)
    {
        if (job.IsDecoded)
        {
            DecodedPass.RunBlocks(job, start, end, sums, _count, widestLane);
        }
        else if (job.Quantized is { } slots)
        {
            QuantizedStatePass.Count(job, slots, start, end, sums, widestLane);
        }
        else
        {
            job.Group.Count(job, start, end, sums, widestLane);
        }
    }

    private unsafe void RunBlock(in TensorJob job, nuint start, nuint end, int block)
    {
        if (_pass == Pass.ApplyMeasured)
        {
            ApplyMeasured(job, start, end, block);
        }
        else
        {
            NormPart part = job.StoredGradients.IsRounded
                ? NormOfStored(job.StoredGradients, start, end)
                : _norm.OfBlock(job.Addresses.Gradients + start, end - start);
            _sums.Set(block, part.Largest, part.Sum);
        }
    }

    [SkipLocalsInit]
    private unsafe NormPart NormOfStored(NumberBuffer stored, nuint start, nuint end)
    {
        float* gradients = stackalloc float[Reductions.Block];
        stored.Read(start, end, gradients, WidestLane);
        return _norm.OfBlock(gradients, end - start);
    }

    // The values before the update are on the stack, so no buffer grows with the model.
    [SkipLocalsInit]
    private unsafe void ApplyMeasured(in TensorJob job, nuint start, nuint end, int block)
    {
        Span<float> moved = stackalloc float[(int)(end - start)];
        Span<float> values = stackalloc float[moved.Length];
        ParameterCopy.Take(job, start, moved);
        double before = Norm.Euclidean.OfTensor(moved).Sum;
        BlockPass.Apply(job, start, end, WidestLane);
        ParameterCopy.Take(job, start, values);
        TensorPrimitives.Subtract(values, moved, moved);
        _sums.Set(block, Norm.Euclidean.OfTensor(moved).Sum, before);
    }
}
