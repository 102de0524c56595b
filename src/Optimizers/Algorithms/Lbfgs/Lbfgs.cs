namespace Optimizers;

/// <summary>
/// Limited-memory BFGS (L-BFGS): Newton's method with a curvature that is estimated from the last iterations. Use it for a
/// loss without noise, for example the loss on all of the data. The optimizer takes few steps, and evaluates the loss and
/// the gradient itself.
/// </summary>
/// <remarks>
/// <para>Liu &amp; Nocedal 1989, doi:10.1007/BF01589116, algorithm 2.1; Nocedal &amp; Wright 2006, algorithm 7.4.</para>
/// <code>
/// s, y: the changes of p and of g in one of the last iterations         a pair with y·s ≤ 1e-10 is not stored
/// H: (y·s/y·y)·I, corrected by every pair                               not stored: Hg takes two loops over the pairs
/// p ← p − tHg, t: η, in the first iteration η·min(1, 1/Σ|g|); with a line search, the step size that it finds
/// </code>
/// <para>Iterations, line search, tolerances and limits are PyTorch's. A step has up to <see cref="LbfgsOptions.MaximumIterations"/>
/// iterations, and the next step continues with the same pairs. Without a line search, a step does not evaluate the loss
/// after its last move; the next step evaluates this loss. There is no weight decay: add it to the loss.</para>
/// <para>Parameters, gradients and pairs are in float32; sums, products and directions are in double. PyTorch uses float32
/// for everything.</para>
/// <para>State: 8 bytes per parameter for each pair, and 24 bytes per parameter in addition. Up to
/// <see cref="LbfgsOptions.HistorySize"/> + 1 pairs are in memory. If the gradient is zero, a step changes nothing.</para>
/// <para>If the loss or a gradient is NaN or infinite, or p would become so, the step ends with
/// <see cref="LbfgsOutcome.NotFinite"/>. If this happens at the start of a step, nothing has changed. If it happens after a
/// move, the parameters return to the start of the iteration, and the history is cleared. A line search that reaches such a
/// point continues with a shorter step. PyTorch continues with the NaN.</para>
/// </remarks>
/// <example>
/// <code>
/// var optimizer = new Lbfgs(parameters.Length, new LbfgsOptions { LineSearch = LineSearch.StrongWolfe });
/// LbfgsReport report = optimizer.Step(parameters, (p, gradients) => ComputeLossAndGradients(p, gradients));
/// </code>
/// </example>
public sealed class Lbfgs : ICheckpointed
{
    private readonly LbfgsRun<float> _run;
    private StepGuard _guard;

    // The parameters of a set joined into one vector. During a step, also the set and the user's function.
    private float[]? _flat;
    private Objective<float>? _lossOfSet;
    private ParameterSet? _set;
    private Func<double>? _computeLoss;

    /// <summary>Creates the optimizer.</summary>
    /// <param name="length">The number of parameters, at least 0.</param>
    /// <param name="options">The options; null for the defaults.</param>
    /// <exception cref="ArgumentException">An argument or an option is out of its range; the message names it.</exception>
    public Lbfgs(int length, LbfgsOptions? options = null)
    {
        Require.AtLeast(length, 0);
        Options = options ?? new LbfgsOptions();
        Options.Validate();
        Length = length;
        _run = new LbfgsRun<float>(length, Options);
    }

    /// <summary>The number of parameters.</summary>
    public int Length { get; }

    /// <summary>The options.</summary>
    public LbfgsOptions Options { get; }

    /// <summary>The number of iterations since the history was last cleared.</summary>
    public long IterationCount => _run.Iterations;

    /// <summary>The number of evaluations of the loss in all steps together.</summary>
    public long EvaluationCount => _run.Evaluations;

    /// <summary>The number of earlier iterations from which the curvature is estimated.</summary>
    public int HistoryCount => _run.Pairs;

    /// <summary>The size of the state, in bytes; it grows with the history.</summary>
    public long StateBytes => _run.Bytes;

    /// <summary>Describes the numbers of parameters, iterations and evaluations, and the state.</summary>
    public override string ToString() =>
        $"{nameof(Lbfgs)} of [{Length}]: {TextTable.Count(IterationCount, "iteration")}, "
        + $"{TextTable.Count(EvaluationCount, "evaluation")}, {TextTable.Count(StateBytes, "byte")} of state";

    /// <summary>Finds a minimum of a function of doubles.</summary>
    /// <param name="point">The start; receives the best point that was found.</param>
    /// <param name="function">Computes the value and the gradient at a point. Called on the caller's thread. If it throws,
    /// the point returns to the start of the iteration.</param>
    /// <param name="options">The options; null for a strong Wolfe search, at most 1,000 iterations, and the other defaults.</param>
    /// <returns>The report: the reason why the search ended, the loss, and the numbers of iterations and
    /// evaluations.</returns>
    /// <exception cref="ArgumentNullException">The function is null.</exception>
    /// <exception cref="ArgumentException">An option is out of its range; the message names it.</exception>
    public static LbfgsReport Minimize(Span<double> point, Objective<double> function, LbfgsOptions? options = null) =>
        Minimize<double>(point, function, options);

    /// <summary>Finds a minimum of a function of floats.</summary>
    /// <inheritdoc cref="Minimize(Span{double}, Objective{double}, LbfgsOptions?)"/>
    public static LbfgsReport Minimize(Span<float> point, Objective<float> function, LbfgsOptions? options = null) =>
        Minimize<float>(point, function, options);

    /// <summary>Takes a step of up to <see cref="LbfgsOptions.MaximumIterations"/> iterations.</summary>
    /// <param name="parameters">The parameters, as many as the optimizer was created for. They are updated in place. During
    /// a call of the function, they have the values of the point.</param>
    /// <param name="function">Computes the loss and its gradient at a point, which is the span of the parameters itself.
    /// Called on the caller's thread. If it throws, the parameters return to the start of the iteration, and the history is
    /// cleared.</param>
    /// <returns>The report of the step.</returns>
    /// <exception cref="ArgumentNullException">The function is null.</exception>
    /// <exception cref="ArgumentException">The length differs from the optimizer's. Nothing has changed.</exception>
    /// <exception cref="InvalidOperationException">The optimizer is in a step. Nothing has changed.</exception>
    public LbfgsReport Step(Span<float> parameters, Objective<float> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        Require.LengthOfOptimizer(parameters.Length, Length, "parameters", nameof(parameters));
        _guard.Enter();
        try
        {
            return _run.Step(parameters, function);
        }
        finally
        {
            _guard.Leave();
        }
    }

    /// <summary>Takes a step with all parameters of a set, joined into one vector in the order of the set.</summary>
    /// <param name="parameters">The set, with as many elements as the optimizer was created for. The gradient of a parameter whose
    /// <see cref="Parameter.HasGradient"/> is false counts as zero.</param>
    /// <param name="computeLoss">Returns the loss at the current values of the parameters, and writes their gradients into their
    /// buffers, which are zero before each call. Called on the caller's thread. If it throws, the parameters return to the
    /// start of the iteration, and the history is cleared.</param>
    /// <returns>The report of the step.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">The number of elements differs from the optimizer's, or the set has a table. Nothing has
    /// changed.</exception>
    /// <exception cref="InvalidOperationException">The optimizer is in a step, or the values of the parameters are temporarily
    /// replaced: by an average or slow weights (SwapIn), or between Sam.Ascend and the step. Nothing has changed.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public LbfgsReport Step(ParameterSet parameters, Func<double> computeLoss)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(computeLoss);
        Require.LengthOfOptimizer(parameters.ElementCount, Length, "elements in the set", nameof(parameters));
        ObjectDisposedException.ThrowIf(parameters.IsDisposed, parameters);
        parameters.RequireNoTables(nameof(Lbfgs), nameof(parameters));
        RequireFloats(parameters);
        parameters.ValueUse.RequireFree();
        _guard.Enter();
        try
        {
            _set = parameters;
            _computeLoss = computeLoss;
            _flat ??= new float[Length];
            Gather(parameters, _flat);
            parameters.ValueUse.ReplacedBecause = $"a step of {nameof(Lbfgs)} is trying points. Wait until its step returns.";
            try
            {
                return _run.Step(_flat, _lossOfSet ??= LossOfSet);
            }
            finally
            {
                Scatter(_flat, parameters);
                parameters.ValueUse.ReplacedBecause = null;
            }
        }
        finally
        {
            _set = null;
            _computeLoss = null;
            _guard.Leave();
        }
    }

    /// <summary>Resets the state to the state before the first step.</summary>
    public void Reset() => _run.Reset();

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The optimizer is in a step.</exception>
    public void Describe(CheckpointManifest contents)
    {
        ArgumentNullException.ThrowIfNull(contents);
        _guard.Enter();
        try
        {
            _run.Describe(contents);
        }
        finally
        {
            _guard.Leave();
        }
    }

    private static LbfgsReport Minimize<T>(Span<T> point, Objective<T> function, LbfgsOptions? options)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(function);
        options ??= new LbfgsOptions { LineSearch = LineSearch.StrongWolfe, MaximumIterations = 1_000 };
        options.Validate();
        return new LbfgsRun<T>(point.Length, options).Step(point, function);
    }

    // A line search compares losses at points that differ by less than the spacing of 16-bit values.
    private static void RequireFloats(ParameterSet parameters)
    {
        for (int i = 0; i < parameters.Count; i++)
        {
            if (parameters[i] is { HasFloats: false } parameter)
            {
                throw new ArgumentException(
                    $"{nameof(Lbfgs)} compares points that differ by less than the spacing of values in {parameter.ValueFormat}, so it needs {Quoted.Name(parameter.Name)} in float32 "
                    + $"or with a master copy. Add it with {nameof(UpdatePrecision)}.{nameof(UpdatePrecision.MasterCopy)}.",
                    nameof(parameters));
            }
        }
    }

    private static void Gather(ParameterSet set, Span<float> flat)
    {
        for (int i = 0; i < set.Count; i++)
        {
            Parameter parameter = set[i];
            parameter.CopyValuesTo(flat[..parameter.Length]);
            flat = flat[parameter.Length..];
        }
    }

    private static void Scatter(ReadOnlySpan<float> flat, ParameterSet set)
    {
        for (int i = 0; i < set.Count; i++)
        {
            Parameter parameter = set[i];
            parameter.CopyValuesFrom(flat[..parameter.Length]);
            flat = flat[parameter.Length..];
        }
    }

    private double LossOfSet(ReadOnlySpan<float> point, Span<float> gradient)
    {
        ParameterSet set = _set!;
        Scatter(point, set);
        set.ZeroGradients();
        double loss = _computeLoss!();
        using GradientScope gradients = set.TakeGradients();
        for (int i = 0; i < set.Count; i++)
        {
            Parameter parameter = set[i];
            if (parameter.CanTakePart)
            {
                parameter.CopyGradientsTo(gradient[..parameter.Length]);
            }

            gradient = gradient[parameter.Length..];
        }

        set.GradientsUsed();
        set.ValuesChanged();
        return loss;
    }
}
