namespace Optimizers.Engine;

/// <summary>Runs a rule that measures its tensor, or its group, before it applies.</summary>
internal sealed class MeasuringUpdate<TRule> : IUpdate
    where TRule : struct, IMeasuringRule<TRule>
{
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

    /// <summary>Whether a pass after the measuring one reads the gradient, though the state has changed by then.</summary>
    public bool KeepsGradient { get; set; }

    /// <summary>Makes the same update cautious; null: its kind cannot be.</summary>
    public Func<IUpdate>? MadeCautious { get; init; }

    /// <summary>The rule of that number.</summary>
    public ref TRule this[int rule] => ref _rules[rule];

    public IUpdate? Cautious() => MadeCautious?.Invoke();

    public double MagnitudeOf(ReadOnlySpan<double> scalars) => TRule.MagnitudeOf(scalars);

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

    public unsafe void Measure(
        in TensorJob job, nuint start, nuint end, Span<double> first, Span<double> second, int widestLane)
    {
        // A later pass may need the gradient that this one would zero.
        Treatment treatment = TRule.MeasuringChangesState && !KeepsGradient
            ? job.Treatment
            : job.Treatment with { ZeroGradient = false };
        bool bfloat16 = job.Format == StateFormat.BFloat16;
        switch (TRule.MeasuringChangesState)
        {
            case true when bfloat16:
                uint* chances = stackalloc uint[Chance.Room];
                TensorJob rounding = job.Rounding(_rules.IterationOf(job.Rule), TRule.SlotCount, chances);
                MeasureStored<BFloat16Storage>(rounding, treatment, start, end, first, second, widestLane);
                break;

            case true:
                MeasureStored<Flushed<Float32, EveryUpdate>>(job, treatment, start, end, first, second, widestLane);
                break;

            case false when bfloat16:
                MeasureStored<ReadOnlyStorage<BFloat16Storage>>(job, treatment, start, end, first, second, widestLane);
                break;

            default:
                MeasureStored<ReadOnlyStorage<Float32>>(job, treatment, start, end, first, second, widestLane);
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

    private void MeasureStored<TStorage>(
        in TensorJob job, in Treatment treatment, nuint start, nuint end, Span<double> first, Span<double> second, int widestLane)
        where TStorage : struct, IStorage =>
        MeasuredBlocks.Gather<MeasuringPass<TRule>, TStorage>(
            new(_rules[job.Rule]), job, treatment, start, end, first, second, TRule.SumsSquares, widestLane);

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
