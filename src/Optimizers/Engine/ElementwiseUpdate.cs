namespace Optimizers;

/// <summary>Runs an element-wise rule, flushing its state when it is time, with the decay that the group asks for.</summary>
internal sealed class ElementwiseUpdate<TRule> : IUpdate
    where TRule : struct, IUpdateRule<TRule>
{
    private readonly RuleList<TRule> _rules;

    public ElementwiseUpdate(
        RuleWithHistory<TRule> rule, IReadOnlyList<StateScalar> scalars, StateSlot[] slots, int flushInterval)
    {
        RuleList<TRule>.CheckSlots(slots);
        _rules = new RuleList<TRule>(rule, scalars);
        Slots = slots;
        FlushInterval = flushInterval;
    }

    public IReadOnlyList<StateSlot> Slots { get; }

    public IReadOnlyList<StateScalar> Scalars => _rules.Scalars;

    public bool Measures => false;

    public int FlushInterval { get; }

    public void Claim() => _rules.Claim();

    public void Clear() => _rules.Clear();

    // Tensors of one age and history share their rule.
    public int Prepare(TensorAge age, ReadOnlySpan<double> scalars, GroupUpdate group) =>
        _rules.LastIsFor(age, scalars) ? _rules.Count - 1 : _rules.Add(age, scalars, group);

    public ReadOnlySpan<double> ScalarsAfter(int rule) => _rules.ScalarsAfter(rule);

    public long IterationOf(int rule) => _rules.IterationOf(rule);

    public void Advance(GroupUpdate group) => _rules.Advance(group);

    public void Measure(
        in TensorJob job, nuint start, nuint end, Span<double> first, Span<double> second, int widestLane)
    {
    }

    public void Conclude(int rule, double first, double second)
    {
    }

    public void Apply(in TensorJob job, nuint start, nuint end, int widestLane)
    {
        // The interval was chosen by the momentum of the options, below which a schedule may go.
        int interval = job.Group.Momentum is null ? FlushInterval : 1;
        if (job.Format == StateFormat.BFloat16)
        {
            ApplyStored<BFloat16Storage>(
                job.Rounding(_rules.IterationOf(job.Rule)), start, end, widestLane);
        }
        else if ((_rules.IterationOf(job.Rule) & (interval - 1)) != 0)
        {
            ApplyStored<Float32>(job, start, end, widestLane);
        }
        else if (interval == 1)
        {
            ApplyStored<Flushed<Float32, EveryUpdate>>(job, start, end, widestLane);
        }
        else
        {
            ApplyStored<Flushed<Float32, EverySixteenthUpdate>>(job, start, end, widestLane);
        }
    }

    private void ApplyStored<TStorage>(in TensorJob job, nuint start, nuint end, int widestLane)
        where TStorage : struct, IStorage
    {
        if (job.Treatment.CoupledDecay != 0)
        {
            Run<TStorage, CoupledDecay>(job, start, end, widestLane);
        }
        else if (job.Treatment.ParameterFactor != 1)
        {
            Run<TStorage, DecoupledDecay>(job, start, end, widestLane);
        }
        else
        {
            Run<TStorage, NoDecay>(job, start, end, widestLane);
        }
    }

    private void Run<TStorage, TWriting>(in TensorJob job, nuint start, nuint end, int widestLane)
        where TStorage : struct, IStorage
        where TWriting : struct, IParameterWriting =>
        TreatedKernel.Run<TRule, TWriting, TStorage>(
            _rules[job.Rule], job.Treatment, job.Addresses, start, end, widestLane);
}
