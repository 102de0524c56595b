namespace Optimizers.Training;

/// <summary>
/// Lookahead: k steps of any optimizer, then a part of the way back towards where they began.
/// </summary>
/// <remarks>
/// <para>Zhang, Lucas, Hinton &amp; Ba 2019, arXiv 1907.08610, algorithm 1.</para>
/// <code>
/// p takes a step of the optimizer within
/// after every k-th step that was applied: slow ← slow + α(p − slow), p ← slow
/// </code>
/// <para>The slow weights begin as the parameters are when the wrapper is made, or when a parameter is first seen. The state
/// of the optimizer within runs on, as in the authors' code. Steps that were skipped do not count. A parameter that is
/// frozen at a synchronisation takes no part in it; one without a gradient does, as it may have moved earlier in the
/// period, and keeps every bit if it has not. After changing weights yourself, call <see cref="Restart"/>, or the next
/// synchronisation goes back towards the old ones.</para>
/// <para>The paper evaluates the slow weights: see <see cref="SwapIn"/>. A step of the optimizer within that does not go
/// through the wrapper is not counted.</para>
/// <para>State: 4 bytes per parameter beside those of the optimizer within. A NaN in a weight reaches its slow weight at the
/// next synchronisation.</para>
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
    /// <exception cref="ArgumentException">An option, named in the message, is out of its range.</exception>
    /// <exception cref="InvalidOperationException">The parameters do not hold their own values at present.</exception>
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
        optimizer.Parameters.ValueUse.RequireOwn();
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

    /// <summary>The number of steps that were applied so far; a synchronisation follows every k-th.</summary>
    public long StepCount { get; private set; }

    string? IRunPart.LostIfNotSaved => StepCount == 0
        ? null
        : $"{nameof(Lookahead)}: the slow weights, and its place in the period after {StepCount} steps";

    /// <summary>The memory that the slow weights take, in bytes.</summary>
    public long StateBytes => _slow.Bytes;

    /// <summary>Takes a step of the optimizer within, and synchronises if it is time.</summary>
    /// <inheritdoc cref="ModelOptimizer.Step" path="/param|/returns|/exception"/>
    public StepReport Step(LossScale lossScale = default)
    {
        using Gate.Turn turn = _gate.Enter();
        Parameters.ValueUse.RequireOwn();
        TakeNewParameters();
        return Count(_optimizer.Step(lossScale));
    }

    /// <summary>Flushes the optimizer within, and synchronises if it is time.</summary>
    /// <inheritdoc cref="GradientAccumulator.Flush" path="/returns|/exception"/>
    public StepReport Flush()
    {
        using Gate.Turn turn = _gate.Enter();
        Parameters.ValueUse.RequireOwn();
        TakeNewParameters();
        return Count(_optimizer.Flush());
    }

    /// <summary>The slow weights of a parameter, as they are now; later steps show in them.</summary>
    /// <param name="name">The parameter's name.</param>
    /// <exception cref="ArgumentException">The parameter is not in the set, or was added since the last step.</exception>
    public ReadOnlySpan<float> SlowWeights(string name)
    {
        AuxiliaryTensor slow = _slow.Find(name)
            ?? throw UnknownName.Of("parameter", name, _slow.Names, " with slow weights");
        return _slow.AreExchanged ? slow.Parameter.Values : slow.Elements;
    }

    /// <summary>
    /// Puts the slow weights in the place of the fast ones, for evaluation, until what it returns is disposed of. They change
    /// places, so it takes no memory, and every bit comes back. Steps are refused meanwhile.
    /// </summary>
    /// <exception cref="InvalidOperationException">The parameters do not hold their own values already.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public IDisposable SwapIn()
    {
        using Gate.Turn turn = _gate.Enter();
        return new Swap(_slow, _all, "slow weights are swapped in. Dispose of what SwapIn returned first.");
    }

    /// <summary>Begins again from the present weights: the slow ones become what they are, and a new period starts.</summary>
    /// <exception cref="InvalidOperationException">The parameters do not hold their own values at present.</exception>
    public void Restart()
    {
        using Gate.Turn turn = _gate.Enter();
        Parameters.ValueUse.RequireOwn();
        StepCount = 0;
        _slow.TakeNewParameters();
        CopyValuesTo(_slow.All);
    }

    /// <summary>Lists the slow weights and the number of steps. What the optimizer within has to keep, it lists itself.</summary>
    /// <param name="contents">Takes the list.</param>
    /// <exception cref="InvalidOperationException">The parameters do not hold their own values at present.</exception>
    public void Describe(CheckpointManifest contents)
    {
        ArgumentNullException.ThrowIfNull(contents);
        TakeNewParameters();
        contents.Lists(this);
        contents.Options(_options, "threads");
        _slow.Describe(contents, withAge: false);
        contents.Counter("steps", () => StepCount, count => StepCount = Math.Max(0, count));
    }

    /// <summary>The period, the number of steps, and the optimizer within.</summary>
    public override string ToString() =>
        $"{nameof(Lookahead)}: {TextTable.Count(StepCount, "step")}, slow weights every {TextTable.Number(_period)}; {_optimizer}";

    private static void CopyValuesTo(ReadOnlySpan<AuxiliaryTensor> tensors)
    {
        foreach (AuxiliaryTensor tensor in tensors)
        {
            tensor.Parameter.Values.CopyTo(tensor.Elements);
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
