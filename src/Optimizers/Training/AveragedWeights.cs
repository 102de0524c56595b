namespace Optimizers.Training;

/// <summary>
/// A second set of weights, averaged over the steps of a run: the base of <see cref="ExponentialMovingAverage"/> and
/// <see cref="WeightAverage"/>. Averaged weights often generalise better than the last ones.
/// </summary>
/// <remarks>
/// <para>The average includes all parameters of the set, also frozen ones and ones without a gradient. A parameter that is added to
/// the set joins at the next update: the update copies it, and its own count of updates starts there.</para>
/// <para>Use an instance on one thread at a time. It runs on several threads itself; the number of threads does not change the
/// result.</para>
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
    /// <param name="weight">The weight w of the new value, as a function of the number of the update, from 1.</param>
    /// <param name="firstStep">The first step to average, counted from 1.</param>
    /// <param name="interval">The number of steps from one averaged step to the next.</param>
    /// <param name="threads">The largest number of threads.</param>
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

    /// <summary>The parameters whose weights are averaged.</summary>
    public ParameterSet Parameters => _averages.Parameters;

    /// <summary>The number of steps that <see cref="Update()"/> has counted.</summary>
    public long StepCount { get; private set; }

    /// <summary>The number of times that the weights were added to the average.</summary>
    public long UpdateCount => StepCount < _firstStep ? 0 : ((StepCount - _firstStep) / _interval) + 1;

    /// <summary>The memory of the averages, in bytes: 4 per parameter.</summary>
    public long StateBytes => _averages.Bytes;

    /// <summary>The average of a parameter. The span is a view: later updates change its elements.</summary>
    /// <param name="name">The parameter's name.</param>
    /// <exception cref="ArgumentException">There is no parameter of that name, or it has no average yet.</exception>
    public ReadOnlySpan<float> this[string name]
    {
        get
        {
            AuxiliaryTensor average = _averages.Find(name) is { State.Iteration: > 0 } found ? found : throw NoAverageOf(name);
            return average.ElementsWhile(_averages.AreExchanged);
        }
    }

    string? IRunPart.LostIfNotSaved =>
        StepCount == 0 ? null : $"{GetType().Name}: the average of {UpdateCount} updates, after {StepCount} steps";

    /// <summary>
    /// Counts a step that was applied, and adds the weights to the average if this step is one to average.
    /// </summary>
    /// <exception cref="InvalidOperationException">The values of the parameters are temporarily replaced: by an average or slow
    /// weights (SwapIn), between Sam.Ascend and the step, or during a step of L-BFGS. Or another thread uses this average. In
    /// these cases nothing has changed.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public void Update()
    {
        using Gate.Turn turn = _gate.Enter();
        Parameters.ValueUse.RequireFree();
        _averages.TakeNewParameters();
        long updates = UpdateCount;
        StepCount = checked(StepCount + 1);
        if (UpdateCount > updates)
        {
            _averages.Run(_pass, _all);
            _averages.CountPass(_all);
        }
    }

    /// <summary>Counts a step if it was applied. A skipped step does not count.</summary>
    /// <param name="report">The report that the step returned.</param>
    /// <inheritdoc cref="Update()" path="/exception"/>
    public void Update(StepReport report)
    {
        if (report.Applied)
        {
            Update();
        }
    }

    /// <summary>
    /// Replaces the weights by their averages, for evaluation, until the returned object is disposed. Weights and averages are
    /// exchanged, so this needs no memory, and every bit of the weights comes back. Parameters without an average stay as they are.
    /// Steps, updates and checkpoints throw until the returned object is disposed.
    /// </summary>
    /// <exception cref="InvalidOperationException">The values of the parameters are replaced already.</exception>
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
        return new Swap(_averages, _begun, "an average is swapped in. Dispose the object that SwapIn returned first.");
    }

    /// <summary>
    /// Copies the averages into parameters of the same names and shapes. The target may be another set, or the averaged set itself, to
    /// keep the averages for good. A parameter without an average is copied as it is.
    /// </summary>
    /// <param name="target">The set to copy to; it may have further parameters.</param>
    /// <exception cref="ArgumentException">A parameter is missing in the target or has another shape there. In that case nothing has
    /// changed.</exception>
    /// <exception cref="InvalidOperationException">The values of the parameters of one of the two sets are temporarily
    /// replaced: by an average or slow weights (SwapIn), between Sam.Ascend and the step, or during a step of
    /// L-BFGS.</exception>
    public void CopyTo(ParameterSet target)
    {
        using Gate.Turn turn = _gate.Enter();
        ArgumentNullException.ThrowIfNull(target);
        Parameters.ValueUse.RequireFree();
        target.ValueUse.RequireFree();
        _averages.TakeNewParameters();
        foreach (AuxiliaryTensor average in _averages.All)
        {
            RequireMatch(average.Parameter, target);
        }

        target.ValuesRevision++;
        foreach (AuxiliaryTensor average in _averages.All)
        {
            Parameter copy = target[average.Parameter.Name];
            if (_begun(average))
            {
                copy.CopyValuesFrom(average.Elements);
            }
            else if (average.Parameter != copy)
            {
                copy.CopyValuesFrom(average.Parameter);
            }
        }
    }

    /// <summary>Clears the average and its counts: the state before the first step.</summary>
    /// <exception cref="InvalidOperationException">The values of the parameters are temporarily replaced: by an average or slow
    /// weights (SwapIn), between Sam.Ascend and the step, or during a step of L-BFGS.</exception>
    public void Reset()
    {
        using Gate.Turn turn = _gate.Enter();
        Parameters.ValueUse.RequireFree();
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
        _averages.Describe(contents, withIterations: true);
        contents.Counter("steps", () => StepCount, count => StepCount = Math.Max(0, count));
    }

    /// <summary>Shows the number of updates and steps, and the parameters.</summary>
    public override string ToString() =>
        $"{GetType().Name}: {TextTable.Count(UpdateCount, "update")} in {TextTable.Count(StepCount, "step")}, of {Parameters}";

    // The options that must stay the same when a run is resumed.
    private protected virtual void DescribeOptions(CheckpointManifest contents)
    {
    }

    private ArgumentException NoAverageOf(string name) => Parameters.TryGet(name, out _)
        ? new ArgumentException($"There is no average of the parameter {Quoted.Name(name)} yet. Call Update first.", nameof(name))
        : UnknownName.Of("parameter", name, Parameters.Select(parameter => parameter.Name), " in the averaged set");

    private static void RequireMatch(Parameter parameter, ParameterSet target)
    {
        if (!target.TryGet(parameter.Name, out Parameter? match))
        {
            throw new ArgumentException($"The target has no parameter {Quoted.Name(parameter.Name)}. It must have every parameter of the averaged set.", nameof(target));
        }

        if (!match.Shape.SequenceEqual(parameter.Shape))
        {
            throw new ArgumentException($"The target has {match}, but the average has {parameter}. Copy into a parameter of the same shape.", nameof(target));
        }
    }
}
