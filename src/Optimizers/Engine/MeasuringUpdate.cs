namespace Optimizers;

/// <summary>Runs a rule that measures its tensor, or its group, before it applies.</summary>
internal sealed class MeasuringUpdate<TRule> : IUpdate
    where TRule : struct, IMeasuringRule<TRule>
{
    // Measured values go through the first-level cache on their way to the sums.
    private const int Piece = 512;

    private readonly RuleList<TRule> _rules;
    private Measured[] _measured = new Measured[1];
    private MeasuredSums _ofGroup;

    public MeasuringUpdate(
        RuleWithHistory<TRule> rule,
        IReadOnlyList<StateScalar> scalars,
        StateSlot[] slots,
        IMatrixWork? matrices = null)
    {
        RuleList<TRule>.CheckSlots(slots);
        _rules = new RuleList<TRule>(rule, scalars);
        Slots = slots;
        Matrices = matrices;
    }

    public IReadOnlyList<StateSlot> Slots { get; }

    public IReadOnlyList<StateScalar> Scalars => _rules.Scalars;

    public IMatrixWork? Matrices { get; }

    public bool Measures => true;

    public bool MeasuringChangesState => TRule.MeasuringChangesState;

    public bool SharesScalars => TRule.IsOfGroup;

    public int FlushInterval => 1;

    public void Claim() => _rules.Claim();

    public void Clear()
    {
        _rules.Clear();
        _ofGroup = default;
    }

    // Every tensor has its own sums, hence its own rule.
    public int Prepare(TensorAge age, in TensorShape shape, ReadOnlySpan<double> scalars, GroupUpdate group)
    {
        if (_rules.Count == _measured.Length)
        {
            Array.Resize(ref _measured, 2 * _rules.Count);
        }

        int rule = _rules.Add(age, scalars, group);
        _measured[rule].Shape = shape;
        _rules[rule] = TRule.For(_rules[rule], shape);
        return rule;
    }

    public ReadOnlySpan<double> ScalarsAfter(int rule) => _rules.ScalarsAfter(rule);

    public long IterationOf(int rule) => _rules.IterationOf(rule);

    public void Advance(GroupUpdate group)
    {
        _rules.Advance(group);
        for (int rule = 0; rule < _rules.Count; rule++)
        {
            _rules[rule] = TRule.For(_rules[rule], _measured[rule].Shape);
        }

        _ofGroup = default;
    }

    public void Measure(
        in TensorJob job, nuint start, nuint end, Span<double> first, Span<double> second, int widestLane)
    {
        // Where the state is left, the second pass needs the gradient that the first would zero.
        bool bfloat16 = job.Format == StateFormat.BFloat16;
        switch (TRule.MeasuringChangesState)
        {
            case true when bfloat16:
                MeasureStored<BFloat16Storage>(
                    job.Rounding(_rules.IterationOf(job.Rule)), job.Treatment, start, end, first, second, widestLane);
                break;

            case true:
                MeasureStored<Flushed<Float32, EveryUpdate>>(job, job.Treatment, start, end, first, second, widestLane);
                break;

            case false when bfloat16:
                MeasureStored<ReadOnlyStorage<BFloat16Storage>>(
                    job, job.Treatment with { ZeroGradient = false }, start, end, first, second, widestLane);
                break;

            default:
                MeasureStored<ReadOnlyStorage<Float32>>(
                    job, job.Treatment with { ZeroGradient = false }, start, end, first, second, widestLane);
                break;
        }
    }

    public void Collect(int rule, in MeasuredSums sums)
    {
        _measured[rule].Sums = sums;
        _ofGroup += sums;
    }

    public void Conclude(int rule) =>
        _rules[rule] = _rules[rule].Conclude(SumsOf(rule), _rules.ScalarsToBe(rule));

    public MeasuredSums SumsOf(int rule) => TRule.IsOfGroup ? _ofGroup : _measured[rule].Sums;

    public void Apply(in TensorJob job, nuint start, nuint end, int widestLane)
    {
        if (!TRule.MeasuringChangesState)
        {
            ElementwisePass.Apply(_rules[job.Rule], job, _rules.IterationOf(job.Rule), 1, start, end, widestLane);
        }
        else if (job.Format == StateFormat.BFloat16)
        {
            ApplyRead<BFloat16Storage>(job, start, end, widestLane);
        }
        else
        {
            ApplyRead<Float32>(job, start, end, widestLane);
        }
    }

    private unsafe void MeasureStored<TStorage>(
        in TensorJob job,
        in Treatment treatment,
        nuint start,
        nuint end,
        Span<double> first,
        Span<double> second,
        int widestLane)
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
            var firstSum = default(SumLanes);
            var secondSum = default(SumLanes);
            nuint blockEnd = nuint.Min(end, blockStart + Reductions.Block);
            for (nuint piece = blockStart; piece < blockEnd; piece += Piece)
            {
                nuint pieceEnd = nuint.Min(blockEnd, piece + Piece);
                addresses.Slots.First = firstValues - piece;
                addresses.Slots.Second = secondValues - piece;
                if (treatment.CoupledDecay != 0)
                {
                    TreatedKernel.Run<MeasuringPass<TRule>, Untouched<CoupledDecay>, TStorage>(
                        pass, treatment, addresses, piece, pieceEnd, widestLane);
                }
                else
                {
                    TreatedKernel.Run<MeasuringPass<TRule>, Untouched<NoDecay>, TStorage>(
                        pass, treatment, addresses, piece, pieceEnd, widestLane);
                }

                Add(ref firstSum, firstValues, pieceEnd - piece);
                Add(ref secondSum, secondValues, pieceEnd - piece);
            }

            first[block] = firstSum.Sum();
            second[block] = secondSum.Sum();
        }
    }

    private static unsafe void Add(ref SumLanes sum, float* values, nuint count)
    {
        if (TRule.SumsSquares)
        {
            sum.AddSquares(values, count);
        }
        else
        {
            sum.Add(values, count);
        }
    }

    private void ApplyRead<TStorage>(in TensorJob job, nuint start, nuint end, int widestLane)
        where TStorage : struct, IStorage
    {
        if (job.Treatment.ParameterFactor != 1)
        {
            TreatedKernel.RunRead<TRule, NoGradient, DecoupledDecay, ReadOnlyStorage<TStorage>>(
                _rules[job.Rule], job.Treatment, job.Addresses, start, end, widestLane);
        }
        else
        {
            TreatedKernel.RunRead<TRule, NoGradient, NoDecay, ReadOnlyStorage<TStorage>>(
                _rules[job.Rule], job.Treatment, job.Addresses, start, end, widestLane);
        }
    }

    private struct Measured
    {
        public TensorShape Shape;
        public MeasuredSums Sums;
    }
}
