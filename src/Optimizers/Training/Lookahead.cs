namespace Optimizers.Training;

/// <summary>
/// Lookahead: after every k steps of any optimizer, moves the weights part of the way back to where the k steps began.
/// </summary>
/// <remarks>
/// <para>Zhang, Lucas, Hinton &amp; Ba 2019, arXiv 1907.08610, algorithm 1.</para>
/// <code>
/// p takes a step of the wrapped optimizer
/// after every k-th applied step: slow ← slow + α(p − slow), p ← slow
/// </code>
/// <para>The slow weights start as copies of the parameters: when the wrapper is made, or when a parameter is first seen. A
/// synchronisation leaves the state of the wrapped optimizer as it is, as in the authors' code. Skipped steps do not count. A
/// parameter that is frozen at a synchronisation does not take part. A parameter without a gradient takes part, because it may have moved
/// earlier in the period; if it has not moved, it keeps every bit. If you change weights yourself, call <see cref="Restart"/>;
/// otherwise the next synchronisation goes back towards the old ones.</para>
/// <para>The paper evaluates the slow weights: see <see cref="SwapIn"/>. A direct step of the wrapped optimizer is not
/// counted.</para>
/// <para>State: 4 bytes per parameter, in addition to the state of the wrapped optimizer. A NaN in a weight reaches its slow weight
/// at the next synchronisation.</para>
/// </remarks>
/// <example>
/// <code>
/// var optimizer = new Lookahead(new ModelOptimizer(parameters, new AdamWOptions()));
/// optimizer.Step();
/// </code>
/// </example>
public sealed class Lookahead : IModelOptimizer, IRunPart
{
    private static readonly Predicate<AuxiliaryTensor> _all = _ => true;
    private static readonly Predicate<AuxiliaryTensor> _thawed = tensor => tensor.Group is not { Frozen: true };

    private readonly IModelOptimizer _optimizer;
    private readonly AuxiliaryTensors _slow;
    private readonly GroupStep _synchronization;
    private readonly long _period;
    private readonly LookaheadOptions _options;
    private readonly Gate _gate = new("This Lookahead");

    /// <summary>Wraps an optimizer.</summary>
    /// <param name="optimizer">The optimizer that takes the steps.</param>
    /// <param name="options">The options; null: the defaults.</param>
    /// <exception cref="ArgumentNullException">The optimizer is null.</exception>
    /// <exception cref="ArgumentException">An option is out of its range; the message names it.</exception>
    /// <exception cref="InvalidOperationException">The values of the parameters are temporarily replaced: by an average or slow
    /// weights (SwapIn), between Sam.Ascend and the step, or during a step of L-BFGS.</exception>
    public Lookahead(IModelOptimizer optimizer, LookaheadOptions? options = null)
        : this(optimizer, options ?? new(), widestLane: 0)
    {
    }

    internal Lookahead(IModelOptimizer optimizer, LookaheadOptions options, int widestLane)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        Require.AtLeast(options.SynchronizationPeriod, 1, nameof(options.SynchronizationPeriod));
        Require.Positive(options.SlowStepSize, nameof(options.SlowStepSize));
        Require.AtMost(options.SlowStepSize, 1, nameof(options.SlowStepSize));
        Require.AtLeast(options.Threads, 0, nameof(options.Threads));
        optimizer.Parameters.ValueUse.RequireFree();
        _optimizer = optimizer;
        _period = options.SynchronizationPeriod;
        _options = options;
        _slow = new AuxiliaryTensors(optimizer.Parameters, optimizer.Groups, "slow", options.Threads, widestLane);
        _synchronization = new SetPass<SynchronizationRule, NoGradient, DecoupledDecay, Float32>(
            _ => new SynchronizationRule(options.SlowStepSize));
        TakeNewParameters();
        Parameters.Parts.Add(this);
    }

    /// <inheritdoc/>
    public ParameterSet Parameters => _optimizer.Parameters;

    /// <inheritdoc/>
    public long UpdateCount => _optimizer.UpdateCount;

    /// <inheritdoc/>
    public IReadOnlyList<ParameterGroup> Groups => _optimizer.Groups;

    /// <inheritdoc/>
    public IModelOptimizer? Inner => _optimizer;

    /// <summary>The number of steps applied so far. A synchronisation follows every k-th step.</summary>
    public long StepCount { get; private set; }

    string? IRunPart.LostIfNotSaved => StepCount == 0
        ? null
        : $"{nameof(Lookahead)}: the slow weights, and the position in the period after {StepCount} steps";

    /// <summary>The memory of the slow weights, in bytes.</summary>
    public long StateBytes => _slow.Bytes;

    /// <summary>Takes a step of the wrapped optimizer, and synchronises after every k-th applied step.</summary>
    /// <inheritdoc cref="ModelOptimizer.Step" path="/param|/returns|/exception"/>
    public StepReport Step(LossScale lossScale = default)
    {
        using Gate.Turn turn = _gate.Enter();
        Parameters.ValueUse.RequireFree();
        TakeNewParameters();
        return Count(_optimizer.Step(lossScale));
    }

    /// <summary>Flushes the wrapped optimizer, and synchronises after every k-th applied step.</summary>
    /// <inheritdoc cref="GradientAccumulator.Flush" path="/returns|/exception"/>
    public StepReport Flush()
    {
        using Gate.Turn turn = _gate.Enter();
        Parameters.ValueUse.RequireFree();
        TakeNewParameters();
        return Count(_optimizer.Flush());
    }

    /// <summary>The slow weights of a parameter. The span is a view: later steps change its elements.</summary>
    /// <param name="name">The parameter's name.</param>
    /// <exception cref="ArgumentException">The parameter is not in the set, or was added since the last step.</exception>
    public ReadOnlySpan<float> SlowWeights(string name)
    {
        AuxiliaryTensor slow = _slow.Find(name)
            ?? throw UnknownName.Of("parameter", name, _slow.Names, " with slow weights");
        return slow.ElementsWhile(_slow.AreExchanged);
    }

    /// <summary>
    /// Replaces the weights by the slow weights, for evaluation, until the returned object is disposed. Both are exchanged, so this
    /// needs no memory, and every bit of the weights comes back. Steps throw until the returned object is
    /// disposed.
    /// </summary>
    /// <exception cref="InvalidOperationException">The values of the parameters are replaced already.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public IDisposable SwapIn()
    {
        using Gate.Turn turn = _gate.Enter();
        return new Swap(_slow, _all, "slow weights are swapped in. Dispose the object that SwapIn returned first.");
    }

    /// <summary>Sets the slow weights to the present weights, and starts a new period.</summary>
    /// <exception cref="InvalidOperationException">The values of the parameters are temporarily replaced: by an average or slow
    /// weights (SwapIn), between Sam.Ascend and the step, or during a step of L-BFGS.</exception>
    public void Restart()
    {
        using Gate.Turn turn = _gate.Enter();
        Parameters.ValueUse.RequireFree();
        StepCount = 0;
        _slow.TakeNewParameters();
        CopyValuesTo(_slow.All);
    }

    /// <summary>Lists the slow weights and the number of steps. The wrapped optimizer lists its own state itself.</summary>
    /// <param name="contents">The list to add to.</param>
    /// <exception cref="InvalidOperationException">The values of the parameters are temporarily replaced: by an average or slow
    /// weights (SwapIn), between Sam.Ascend and the step, or during a step of L-BFGS.</exception>
    public void Describe(CheckpointManifest contents)
    {
        ArgumentNullException.ThrowIfNull(contents);
        TakeNewParameters();
        contents.Lists(this);
        contents.Options(_options, "threads");
        _slow.Describe(contents, withIterations: false);
        contents.Counter("steps", () => StepCount, count => StepCount = Math.Max(0, count));
    }

    /// <summary>Shows the period, the number of steps, and the wrapped optimizer.</summary>
    public override string ToString() =>
        $"{nameof(Lookahead)}: {TextTable.Count(StepCount, "step")}, slow weights every {TextTable.Number(_period)}; {_optimizer}";

    private static void CopyValuesTo(ReadOnlySpan<AuxiliaryTensor> tensors)
    {
        foreach (AuxiliaryTensor tensor in tensors)
        {
            tensor.Parameter.CopyValuesTo(tensor.Elements);
        }
    }

    private StepReport Count(StepReport report)
    {
        if (report.Applied)
        {
            StepCount = checked(StepCount + 1);
            if (StepCount % _period == 0)
            {
                _slow.Run(_synchronization, _thawed);
            }
        }

        return report;
    }

    private void TakeNewParameters() => CopyValuesTo(_slow.TakeNewParameters());
}
