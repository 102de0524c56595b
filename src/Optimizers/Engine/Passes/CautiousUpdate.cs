namespace Optimizers.Engine;

/// <summary>
/// A measuring update, made cautious: between its two passes a third counts where the step that it is about to take agrees
/// with the gradient.
/// </summary>
/// <remarks>The decay within the step of LAMB, LARS and NovoGrad is masked with it; a decay beside the step acts on every
/// element.</remarks>
internal sealed class CautiousUpdate<TRule> : IUpdate
    where TRule : struct, ISteppingRule<TRule>
{
    private readonly MeasuringUpdate<TRule> _update;
    private float[] _scales = new float[1];

    public CautiousUpdate(MeasuringUpdate<TRule> update)
    {
        _update = update;
        _update.KeepsGradient = true;
    }

    public IReadOnlyList<StateSlot> Slots => _update.Slots;

    public IReadOnlyList<StateScalar> Scalars => _update.Scalars;

    public IMatrixWork? Matrices => _update.Matrices;

    public bool Measures => true;

    public bool MeasuringChangesState => TRule.MeasuringChangesState;

    public bool SharesScalars => _update.SharesScalars;

    public bool Counts => true;

    public int FlushInterval => _update.FlushInterval;

    public double MagnitudeOf(ReadOnlySpan<double> scalars) => TRule.MagnitudeOf(scalars);

    public void Claim() => _update.Claim();

    public void Clear() => _update.Clear();

    public int Prepare(TensorAge age, in TensorShape shape, ReadOnlySpan<double> scalars, GroupUpdate group)
    {
        int rule = _update.Prepare(age, shape, scalars, group);
        if (rule >= _scales.Length)
        {
            Array.Resize(ref _scales, 2 * rule);
        }

        return rule;
    }

    public ReadOnlySpan<double> ScalarsAfter(int rule) => _update.ScalarsAfter(rule);

    public long IterationOf(int rule) => _update.IterationOf(rule);

    public void Advance(GroupUpdate group) => _update.Advance(group);

    public void Measure(
        in TensorJob job, nuint start, nuint end, Span<double> first, Span<double> second, int widestLane) =>
        _update.Measure(job, start, end, first, second, widestLane);

    public void Collect(int rule, in MeasuredSums sums) => _update.Collect(rule, sums);

    public void Conclude(int rule) => _update.Conclude(rule);

    public MeasuredSums SumsOf(int rule) => _update.SumsOf(rule);

    public void Count(in TensorJob job, nuint start, nuint end, Span<double> counts, Span<double> rest, int widestLane)
    {
        if (job.Format == StateFormat.BFloat16)
        {
            CountStored<BFloat16Storage>(job, start, end, counts, rest, widestLane);
        }
        else
        {
            CountStored<Float32>(job, start, end, counts, rest, widestLane);
        }
    }

    public void TakeShare(int rule, double share) => _scales[rule] = Agreement.ScaleOf(share);

    public void Apply(in TensorJob job, nuint start, nuint end, int widestLane)
    {
        if (!TRule.MeasuringChangesState)
        {
            ElementwisePass.Apply(PassOf(job), job, IterationOf(job.Rule), flushInterval: 1, start, end, widestLane);
        }
        else if (job.Format == StateFormat.BFloat16)
        {
            ElementwisePass.ApplyStored<SteppingPass, ReadOnlyStorage<BFloat16Storage>>(PassOf(job), job, start, end, widestLane);
        }
        else
        {
            ElementwisePass.ApplyStored<SteppingPass, ReadOnlyStorage<Float32>>(PassOf(job), job, start, end, widestLane);
        }
    }

    private void CountStored<TStorage>(
        in TensorJob job, nuint start, nuint end, Span<double> counts, Span<double> rest, int widestLane)
        where TStorage : struct, IStorage =>
        MeasuredBlocks.Gather<CountingPass, ReadOnlyStorage<TStorage>>(
            new(_update[job.Rule]),
            job,
            job.Treatment with { ZeroGradient = false },
            start,
            end,
            counts,
            rest,
            squares: false,
            widestLane);

    private SteppingPass PassOf(in TensorJob job) => new(_update[job.Rule], _scales[job.Rule]);

    /// <summary>Writes 1 to scratch where the step will be taken, and 0 elsewhere.</summary>
    private struct CountingPass(TRule rule) : IUpdateRule<CountingPass>
    {
        private TRule _rule = rule;

        public static int SlotCount => TRule.SlotCount;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static unsafe void Update<V, TStorage>(
            ref CountingPass pass, V gradient, ref V parameter, in SlotAddresses slots, nuint index)
            where V : struct, ILane<V>
            where TStorage : struct, IStorage
        {
            V step = TRule.Step<V, TStorage>(ref pass._rule, gradient, parameter, slots, index);
            V.Store(Agreement.IfMovingAgainst(gradient, -step, V.Splat(1), V.Splat(0)), slots.First + index);
            V.Store(V.Splat(0), slots.Second + index);
        }
    }

    /// <summary>Takes the steps.</summary>
    private struct SteppingPass(TRule rule, float scale) : IUpdateRule<SteppingPass>
    {
        private TRule _rule = rule;
        private float _scale = scale;

        public static int SlotCount => TRule.SlotCount;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Update<V, TStorage>(
            ref SteppingPass pass, V gradient, ref V parameter, in SlotAddresses slots, nuint index)
            where V : struct, ILane<V>
            where TStorage : struct, IStorage
        {
            V step = TRule.Step<V, TStorage>(ref pass._rule, gradient, parameter, slots, index);
            V taken = Agreement.IfMovingAgainst(gradient, -step, pass._scale * step, V.Splat(0));
            parameter = TRule.Kept(pass._rule, parameter) - taken;
        }
    }
}
