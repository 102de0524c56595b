namespace Optimizers.Training;

/// <summary>
/// A second set of weights, averaged over the steps of a run: <see cref="ExponentialMovingAverage"/> or
/// <see cref="WeightAverage"/>. Such weights often generalise better than the last ones.
/// </summary>
/// <remarks>
/// <para>All parameters of the set are averaged, frozen ones and ones without a gradient too. A parameter that is added to the
/// set joins at the next update, which copies it, and has its own count from there.</para>
/// <para>An instance is used by one thread at a time, and uses several itself; the result is the same bits in any case.</para>
/// </remarks>
public abstract class AveragedWeights : ICheckpointed, IRunPart
{
    private static readonly Predicate<AuxiliaryTensor> _all = _ => true;
    private static readonly Predicate<AuxiliaryTensor> _begun = average => average.State.Iteration > 0;

    private readonly AuxiliaryTensors _averages;
    private readonly GroupStep _pass;
    private readonly long _firstStep;
    private readonly long _interval;
    private readonly Gate _gate = new("This average");

    /// <summary>a ← a + w·(p − a). The first weight w is 1, which copies the parameters.</summary>
    /// <param name="parameters">The set.</param>
    /// <param name="weight">The weight of the new value in the update of a given number, from 1.</param>
    /// <param name="firstStep">The first step that is averaged, counted from 1.</param>
    /// <param name="interval">How many steps the next one is later.</param>
    /// <param name="threads">The number of threads at most.</param>
    /// <param name="widestLane">The widest lane to use; 0: the processor's.</param>
    private protected AveragedWeights(
        ParameterSet parameters, Func<long, double> weight, long firstStep, long interval, int threads, int widestLane)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        Require.AtLeast(firstStep, 1, nameof(ExponentialMovingAverageOptions.FirstStep));
        Require.AtLeast(interval, 1, nameof(ExponentialMovingAverageOptions.Interval));
        Require.AtLeast(threads, 0, nameof(ExponentialMovingAverageOptions.Threads));
        _firstStep = firstStep;
        _interval = interval;
        _averages = new AuxiliaryTensors(parameters, [], "average", threads, widestLane);
        _pass = new SetPass<AverageRule, NoGradient, ReadOnlyParameter, Flushed<Float32, EveryUpdate>>(
            step => new AverageRule(weight(step.Iteration)));
        _averages.TakeNewParameters();
        parameters.Parts.Add(this);
    }

    /// <summary>The parameters that are averaged.</summary>
    public ParameterSet Parameters => _averages.Parameters;

    /// <summary>The number of steps that <see cref="Update()"/> was told of.</summary>
    public long StepCount { get; private set; }

    /// <summary>The number of times that weights were added to the average.</summary>
    public long UpdateCount => StepCount < _firstStep ? 0 : ((StepCount - _firstStep) / _interval) + 1;

    /// <summary>The memory that the averages take, in bytes: four for every parameter.</summary>
    public long StateBytes => _averages.Bytes;

    /// <summary>The average of a parameter, as it is now; later updates show in it.</summary>
    /// <param name="name">The parameter's name.</param>
    /// <exception cref="ArgumentException">There is no average of a parameter of that name yet.</exception>
    public ReadOnlySpan<float> this[string name]
    {
        get
        {
            AuxiliaryTensor average = _averages.Find(name) is { State.Iteration: > 0 } found ? found : throw NoAverageOf(name);
            return _averages.AreExchanged ? average.Parameter.Values : average.Elements;
        }
    }

    string? IRunPart.LostIfNotSaved =>
        StepCount == 0 ? null : $"{GetType().Name}: the average of {UpdateCount} updates, after {StepCount} steps";

    /// <summary>
    /// Takes note of a step that was applied, and adds the weights to the average if it is the turn of that step.
    /// </summary>
    /// <exception cref="InvalidOperationException">The parameters do not hold their own values at present, or another thread is
    /// at work. Nothing has changed then.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
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

    /// <summary>Takes note of a step, if it was applied: a step that was skipped does not count.</summary>
    /// <param name="report">What the step returned.</param>
    /// <inheritdoc cref="Update()" path="/exception"/>
    public void Update(StepReport report)
    {
        if (report.Applied)
        {
            Update();
        }
    }

    /// <summary>
    /// Puts the averages in the place of the weights, for evaluation, until what it returns is disposed of. They change
    /// places, so it takes no memory, and every bit comes back. Parameters that have no average yet stay as they are. Steps,
    /// updates and checkpoints are refused meanwhile.
    /// </summary>
    /// <exception cref="InvalidOperationException">The parameters do not hold their own values already.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    /// <example>
    /// <code>
    /// using (average.SwapIn())
    /// {
    ///     Console.WriteLine(Evaluate());
    /// }
    /// </code>
    /// </example>
    public IDisposable SwapIn()
    {
        using Gate.Turn turn = _gate.Enter();
        return new Swap(_averages, _begun, "an average is swapped in. Dispose of what SwapIn returned first.");
    }

    /// <summary>
    /// Copies the averages into parameters of the same names and shapes: another set, or the averaged one, to keep them for
    /// good. What has no average yet is copied as it is.
    /// </summary>
    /// <param name="target">The set; it may have other parameters too.</param>
    /// <exception cref="ArgumentException">A parameter is missing in the target or has another shape. Nothing has changed
    /// then.</exception>
    /// <exception cref="InvalidOperationException">The parameters of a set do not hold their own values at present.</exception>
    public void CopyTo(ParameterSet target)
    {
        using Gate.Turn turn = _gate.Enter();
        ArgumentNullException.ThrowIfNull(target);
        Parameters.ValueUse.RequireOwn();
        target.ValueUse.RequireOwn();
        _averages.TakeNewParameters();
        foreach (AuxiliaryTensor average in _averages.All)
        {
            RequireMatch(average.Parameter, target);
        }

        target.ValuesRevision++;
        foreach (AuxiliaryTensor average in _averages.All)
        {
            Parameter copy = target[average.Parameter.Name];
            (_begun(average) ? average.Elements : average.Parameter.Values).CopyTo(copy.Values);
            if (!copy.BFloat16Values.IsEmpty)
            {
                copy.KeepBFloat16Copy();
            }
        }
    }

    /// <summary>Forgets everything: as before the first step.</summary>
    /// <exception cref="InvalidOperationException">The parameters do not hold their own values at present.</exception>
    public void Reset()
    {
        using Gate.Turn turn = _gate.Enter();
        Parameters.ValueUse.RequireOwn();
        StepCount = 0;
        foreach (AuxiliaryTensor average in _averages.All)
        {
            average.State.Reset();
        }
    }

    /// <inheritdoc/>
    public void Describe(CheckpointManifest contents)
    {
        ArgumentNullException.ThrowIfNull(contents);
        contents.Lists(this);
        DescribeOptions(contents);
        _averages.TakeNewParameters();
        _averages.Describe(contents, withAge: true);
        contents.Counter("steps", () => StepCount, count => StepCount = Math.Max(0, count));
    }

    /// <summary>The number of updates and steps, and the parameters.</summary>
    public override string ToString() =>
        $"{GetType().Name}: {TextTable.Count(UpdateCount, "update")} in {TextTable.Count(StepCount, "step")}, of {Parameters}";

    // Options that a run must not change.
    private protected virtual void DescribeOptions(CheckpointManifest contents)
    {
    }

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
