namespace Optimizers;

/// <summary>Runs an element-wise rule, flushing its state when it is time, with the decay that the group asks for.</summary>
internal sealed class ElementwiseUpdate<TRule> : IUpdate
    where TRule : struct, IUpdateRule<TRule>
{
    private readonly RuleList<TRule> _rules;

    public ElementwiseUpdate(Func<StepScalars, TRule> rule, StateSlot[] slots, int flushInterval)
    {
        ArgumentNullException.ThrowIfNull(rule);
        RuleList<TRule>.CheckSlots(slots);
        _rules = new RuleList<TRule>(rule);
        Slots = slots;
        FlushInterval = flushInterval;
    }

    public IReadOnlyList<StateSlot> Slots { get; }

    public bool Measures => false;

    public int FlushInterval { get; }

    public void Claim() => _rules.Claim();

    public void Clear() => _rules.Clear();

    // Tensors of one age share their rule.
    public int Prepare(long iteration, GroupUpdate group) =>
        _rules.LastIsFor(iteration) ? _rules.Count - 1 : _rules.Add(iteration, group);

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
        if (job.Format == StateFormat.BFloat16)
        {
            ApplyStored<BFloat16Storage>(
                job.Rounding(_rules.IterationOf(job.Rule)), start, end, widestLane);
        }
        else if ((_rules.IterationOf(job.Rule) & (FlushInterval - 1)) != 0)
        {
            ApplyStored<Float32>(job, start, end, widestLane);
        }
        else if (FlushInterval == 1)
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
        if (job.Group.Treatment.CoupledDecay != 0)
        {
            Run<TStorage, CoupledDecay>(job, start, end, widestLane);
        }
        else if (job.Group.Treatment.ParameterFactor != 1)
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
            _rules[job.Rule], job.Group.Treatment, job.Addresses, start, end, widestLane);
}
