namespace Optimizers;

/// <summary>Runs a rule that measures the tensor before it applies.</summary>
internal sealed class MeasuringUpdate<TRule> : IUpdate
    where TRule : struct, IMeasuringRule2<TRule>
{
    // Measured values go through the first-level cache on their way to the sums.
    private const int Piece = 512;

    private readonly RuleList<TRule> _rules;

    public MeasuringUpdate(RuleWithHistory<TRule> rule, IReadOnlyList<StateScalar> scalars, StateSlot[] slots)
    {
        RuleList<TRule>.CheckSlots(slots);
        _rules = new RuleList<TRule>(rule, scalars);
        Slots = slots;
    }

    public IReadOnlyList<StateSlot> Slots { get; }

    public IReadOnlyList<StateScalar> Scalars => _rules.Scalars;

    public bool Measures => true;

    public int FlushInterval => 1;

    public void Claim() => _rules.Claim();

    public void Clear() => _rules.Clear();

    // Every tensor has its own sums, hence its own rule.
    public int Prepare(TensorAge age, ReadOnlySpan<double> scalars, GroupUpdate group) =>
        _rules.Add(age, scalars, group);

    public ReadOnlySpan<double> ScalarsAfter(int rule) => _rules.ScalarsAfter(rule);

    public long IterationOf(int rule) => _rules.IterationOf(rule);

    public void Advance(GroupUpdate group) => _rules.Advance(group);

    public void Measure(
        in TensorJob job, nuint start, nuint end, Span<double> first, Span<double> second, int widestLane)
    {
        if (job.Format == StateFormat.BFloat16)
        {
            MeasureStored<BFloat16Storage>(
                job.Rounding(_rules.IterationOf(job.Rule)), start, end, first, second, widestLane);
        }
        else
        {
            MeasureStored<Flushed<Float32, EveryUpdate>>(job, start, end, first, second, widestLane);
        }
    }

    public void Conclude(int rule, double first, double second) => _rules[rule] = _rules[rule].Conclude(first, second);

    public void Apply(in TensorJob job, nuint start, nuint end, int widestLane)
    {
        if (job.Format == StateFormat.BFloat16)
        {
            ApplyStored<BFloat16Storage>(job, start, end, widestLane);
        }
        else
        {
            ApplyStored<Float32>(job, start, end, widestLane);
        }
    }

    private unsafe void MeasureStored<TStorage>(
        in TensorJob job, nuint start, nuint end, Span<double> first, Span<double> second, int widestLane)
        where TStorage : struct, IStorage
    {
        float* firstValues = stackalloc float[Piece];
        float* secondValues = stackalloc float[Piece];
        var pass = new MeasuringPass<TRule>(_rules[job.Rule]);
        TensorAddresses addresses = job.Addresses;
        addresses.RoundedCopy = null;
        int block = 0;
        for (nuint blockStart = start; blockStart < end; blockStart += Reductions.Block, block++)
        {
            var firstSquares = default(SquareLanes);
            var secondSquares = default(SquareLanes);
            nuint blockEnd = nuint.Min(end, blockStart + Reductions.Block);
            for (nuint piece = blockStart; piece < blockEnd; piece += Piece)
            {
                nuint pieceEnd = nuint.Min(blockEnd, piece + Piece);
                addresses.Slots.Slot2.Elements = firstValues - piece;
                addresses.Slots.Slot3.Elements = secondValues - piece;
                TreatedKernel.Run<MeasuringPass<TRule>, Untouched, TStorage>(
                    pass, job.Treatment, addresses, piece, pieceEnd, widestLane);
                firstSquares.Add(firstValues, pieceEnd - piece);
                secondSquares.Add(secondValues, pieceEnd - piece);
            }

            first[block] = firstSquares.Sum();
            second[block] = secondSquares.Sum();
        }
    }

    private void ApplyStored<TStorage>(in TensorJob job, nuint start, nuint end, int widestLane)
        where TStorage : struct, IStorage =>
        TreatedKernel.RunRead<TRule, NoGradient, NoDecay, ReadOnlyStorage<TStorage>>(
            _rules[job.Rule], job.Treatment, job.Addresses, start, end, widestLane);
}
