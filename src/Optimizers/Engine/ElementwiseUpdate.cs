namespace Optimizers;

/// <summary>Runs an element-wise rule: picks, from what a job asks for, the types that the kernel is compiled for.</summary>
internal sealed class ElementwiseUpdate<TRule> : IUpdate
    where TRule : struct, IUpdateRule<TRule>
{
    private readonly Func<StepScalars, TRule> _rule;
    private readonly RuleList<TRule> _rules = new();

    public ElementwiseUpdate(Func<StepScalars, TRule> rule, StateSlot[] slots, int flushInterval)
    {
        ArgumentNullException.ThrowIfNull(rule);
        RuleList<TRule>.CheckSlots(slots);
        _rule = rule;
        Slots = slots;
        FlushInterval = flushInterval;
    }

    public IReadOnlyList<StateSlot> Slots { get; }

    public bool Measures => false;

    public int FlushInterval { get; }

    public void Begin() => _rules.Clear();

    // Tensors of one age share their rule.
    public int Prepare(long iteration, GroupUpdate group) =>
        _rules.LastIsFor(iteration)
            ? _rules.Count - 1
            : _rules.Add(iteration, _rule(new StepScalars(iteration, group.LearningRate, group.WeightDecay)));

    public void Measure(
        in TensorJob job, nuint start, nuint end, Span<double> first, Span<double> second, int widestLane)
    {
    }

    public void Conclude(int rule, double first, double second)
    {
    }

    public void Apply(in TensorJob job, nuint start, nuint end, int widestLane)
    {
        if (!job.Flush)
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
        if (job.Treatment.ZeroGradient)
        {
            ApplyRead<TStorage, ZeroedGradient<ScaledGradient>>(job, start, end, widestLane);
        }
        else if (job.Treatment.GradientScale != 1)
        {
            ApplyRead<TStorage, ScaledGradient>(job, start, end, widestLane);
        }
        else
        {
            ApplyRead<TStorage, PlainGradient>(job, start, end, widestLane);
        }
    }

    private void ApplyRead<TStorage, TGradient>(in TensorJob job, nuint start, nuint end, int widestLane)
        where TStorage : struct, IStorage
        where TGradient : struct, IGradientReading
    {
        if (job.Treatment.CoupledDecay != 0)
        {
            ApplyDecayed<TStorage, TGradient, CoupledDecay>(job, start, end, widestLane);
        }
        else if (job.Treatment.ParameterFactor != 1)
        {
            Run<TStorage, TGradient, DecoupledDecay>(job, start, end, widestLane);
        }
        else
        {
            ApplyDecayed<TStorage, TGradient, NoDecay>(job, start, end, widestLane);
        }
    }

    private void ApplyDecayed<TStorage, TGradient, TWriting>(in TensorJob job, nuint start, nuint end, int widestLane)
        where TStorage : struct, IStorage
        where TGradient : struct, IGradientReading
        where TWriting : struct, IParameterWriting
    {
        if (job.Treatment.AtRest)
        {
            Run<TStorage, TGradient, AtRest<TWriting>>(job, start, end, widestLane);
        }
        else
        {
            Run<TStorage, TGradient, TWriting>(job, start, end, widestLane);
        }
    }

    private void Run<TStorage, TGradient, TWriting>(in TensorJob job, nuint start, nuint end, int widestLane)
        where TStorage : struct, IStorage
        where TGradient : struct, IGradientReading
        where TWriting : struct, IParameterWriting =>
        Kernel.Run<TRule, TGradient, TWriting, TStorage>(
            _rules[job.Rule], job.Treatment, job.Addresses, start, end, widestLane);
}
