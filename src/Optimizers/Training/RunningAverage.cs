namespace Optimizers.Training;

/// <summary>
/// What all averages do: a ← a + w·(p − a), where the weight w of the new value depends on how many came before. With w = 1
/// the first time, which makes a copy.
/// </summary>
internal sealed class RunningAverage
{
    private static readonly Predicate<AuxiliaryTensor> _all = _ => true;
    private static readonly Predicate<AuxiliaryTensor> _begun = companion => companion.State.Iteration > 0;

    private readonly AuxiliaryTensors _averages;
    private readonly GroupStep _pass;
    private readonly long _firstStep;
    private readonly long _interval;
    private readonly Gate _gate = new("This average");

    /// <param name="parameters">The set.</param>
    /// <param name="weight">The weight of the new value in the update of a given number, from 1.</param>
    /// <param name="firstStep">The first step that is averaged, counted from 1.</param>
    /// <param name="interval">How many steps the next one is later.</param>
    /// <param name="threads">The number of threads at most.</param>
    /// <param name="widestLane">The widest lane to use; 0: the processor's.</param>
    public RunningAverage(
        ParameterSet parameters, Func<long, double> weight, long firstStep, long interval, int threads, int widestLane)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        _firstStep = firstStep;
        _interval = interval;
        _averages = new AuxiliaryTensors(parameters, [], "average", threads, widestLane);
        _pass = new SetPass<AverageRule, NoGradient, ReadOnlyParameter, Flushed<Float32, EveryUpdate>>(
            step => new AverageRule(weight(step.Iteration)));
        _averages.TakeNewParameters();
    }

    public ParameterSet Parameters => _averages.Parameters;

    public long StepCount { get; private set; }

    public long UpdateCount => StepCount < _firstStep ? 0 : ((StepCount - _firstStep) / _interval) + 1;

    public long StateBytes => _averages.Bytes;

    public ReadOnlySpan<float> this[string name]
    {
        get
        {
            AuxiliaryTensor companion = _averages.Find(name) is { State.Iteration: > 0 } found ? found : throw NoAverageOf(name);
            return _averages.AreExchanged ? companion.Parameter.Values : companion.Elements;
        }
    }

    public string? LostIfNotSaved(string name) =>
        StepCount == 0 ? null : $"{name}: the average of {UpdateCount} updates, after {StepCount} steps";

    public void Update()
    {
        using Gate.Turn turn = _gate.Enter();
        Parameters.ValueUse.RequireOwn();
        _averages.TakeNewParameters();
        long updates = UpdateCount;
        StepCount = checked(StepCount + 1);
        if (UpdateCount > updates)
        {
            _averages.Run(_pass, _all);
            _averages.Age(_all);
        }
    }

    public IDisposable SwapIn()
    {
        using Gate.Turn turn = _gate.Enter();
        return new Swap(_averages, _begun, "an average is swapped in. Dispose of what SwapIn returned first.");
    }

    public void CopyTo(ParameterSet target)
    {
        using Gate.Turn turn = _gate.Enter();
        ArgumentNullException.ThrowIfNull(target);
        Parameters.ValueUse.RequireOwn();
        target.ValueUse.RequireOwn();
        _averages.TakeNewParameters();
        foreach (AuxiliaryTensor companion in _averages.All)
        {
            RequireMatch(companion.Parameter, target);
        }

        target.ValuesRevision++;
        foreach (AuxiliaryTensor companion in _averages.All)
        {
            Parameter copy = target[companion.Parameter.Name];
            (_begun(companion) ? companion.Elements : companion.Parameter.Values).CopyTo(copy.Values);
            if (!copy.BFloat16Values.IsEmpty)
            {
                copy.KeepBFloat16Copy();
            }
        }
    }

    public void Reset()
    {
        using Gate.Turn turn = _gate.Enter();
        Parameters.ValueUse.RequireOwn();
        StepCount = 0;
        foreach (AuxiliaryTensor companion in _averages.All)
        {
            companion.State.Reset();
        }
    }

    public void Describe(CheckpointManifest contents)
    {
        _averages.TakeNewParameters();
        _averages.Describe(contents, withAge: true);
        contents.Counter("steps", () => StepCount, count => StepCount = Math.Max(0, count));
    }

    public override string ToString() =>
        $"{TextTable.Count(UpdateCount, "update")} in {TextTable.Count(StepCount, "step")}, of {Parameters}";

    private ArgumentException NoAverageOf(string name) => Parameters.TryGet(name, out _)
        ? new ArgumentException($"There is no average of the parameter {Quoted.Name(name)} yet. Call Update first.", nameof(name))
        : UnknownName.Of("parameter", name, Parameters.Select(parameter => parameter.Name), " in the set that is averaged");

    private static void RequireMatch(Parameter parameter, ParameterSet target)
    {
        if (!target.TryGet(parameter.Name, out Parameter? match))
        {
            throw new ArgumentException($"There is no parameter {Quoted.Name(parameter.Name)} in the target, which must have all that are averaged.", nameof(target));
        }

        if (!match.Shape.SequenceEqual(parameter.Shape))
        {
            throw new ArgumentException($"The target has {match}, but the average is of {parameter}.", nameof(target));
        }
    }
}
