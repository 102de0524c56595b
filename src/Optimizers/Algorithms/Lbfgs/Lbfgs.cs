namespace Optimizers;

/// <summary>
/// Limited-memory BFGS: Newton's method with a curvature that is estimated from the last steps. For a loss that is the same
/// each time, such as one over all of the data: it takes few steps, and evaluates the loss and its gradient itself.
/// </summary>
/// <remarks>
/// <para>Liu &amp; Nocedal 1989, doi:10.1007/BF01589116, algorithm 2.1; Nocedal &amp; Wright 2006, algorithm 7.4.</para>
/// <code>
/// s, y: by how much the last iterations moved p, and changed g          pairs with y·s ≤ 1e-10 are not kept
/// H: (y·s/y·y)·I, then corrected by every pair                          never stored: two loops over the pairs
/// p ← p − tHg, t: η, for the very first iteration η·min(1, 1/Σ|g|), or what the line search finds
/// </code>
/// <para>Iterations, line search, tolerances and limits are PyTorch's. A step is up to <see cref="LbfgsOptions.MaximumIterations"/>
/// iterations; the next one goes on with the pairs. Without a line search the last move of a step is not evaluated, so that it
/// begins the next. There is no weight decay: add it to the loss.</para>
/// <para>Parameters, gradients and pairs are float32; sums, products and directions are in double, where PyTorch has float32
/// for all of it.</para>
/// <para>State: 8 bytes per parameter for each pair, of which there are one more than <see cref="LbfgsOptions.HistorySize"/>, and
/// 24 besides. Where the gradient is zero a step does nothing.</para>
/// <para>Where the loss or a gradient is NaN or infinite, or p itself would become so: at the start of a step nothing changes; after
/// a move the parameters are put back where it began, and the history is forgotten. The report says
/// <see cref="LbfgsOutcome.NotFinite"/> in both cases. A line search comes back from such a point by itself. PyTorch goes on with
/// the NaN.</para>
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

    // A model's parameters one after the other, and what computes their loss as long as a step lasts.
    private float[]? _flat;
    private Objective<float>? _lossOfSet;
    private ParameterSet? _set;
    private Func<double>? _computeLoss;

    /// <summary>Makes the optimizer.</summary>
    /// <param name="length">The number of parameters, at least 0.</param>
    /// <param name="options">The options; null: the defaults.</param>
    /// <exception cref="ArgumentException">An argument or an option, named in the message, is out of its range.</exception>
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

    /// <summary>The number of iterations since the history began.</summary>
    public long IterationCount => _run.Iterations;

    /// <summary>The number of evaluations of the loss in all steps.</summary>
    public long EvaluationCount => _run.Evaluations;

    /// <summary>The number of earlier iterations that the curvature is taken from.</summary>
    public int HistoryCount => _run.Pairs;

    /// <summary>The memory that the state takes, in bytes; it grows with the history.</summary>
    public long StateBytes => _run.Bytes;

    /// <summary>The number of parameters, iterations and evaluations.</summary>
    public override string ToString() =>
        $"{nameof(Lbfgs)} of [{Length}]: {TextTable.Count(IterationCount, "iteration")}, "
        + $"{TextTable.Count(EvaluationCount, "evaluation")}, {TextTable.Count(StateBytes, "byte")} of state";

    /// <summary>Finds a minimum of a function of doubles.</summary>
    /// <param name="point">Where to begin; becomes the best point found.</param>
    /// <param name="function">Gives the value and the gradient at a point. Called on this thread. If it throws, the point is where
    /// the last iteration began.</param>
    /// <param name="options">The options; null: a strong Wolfe search, 1,000 iterations at most, the other defaults.</param>
    /// <returns>Why it ended and where.</returns>
    /// <exception cref="ArgumentNullException">The function is null.</exception>
    /// <exception cref="ArgumentException">An option, named in the message, is out of its range.</exception>
    public static LbfgsReport Minimize(Span<double> point, Objective<double> function, LbfgsOptions? options = null) =>
        Minimize<double>(point, function, options);

    /// <summary>Finds a minimum of a function of floats.</summary>
    /// <inheritdoc cref="Minimize(Span{double}, Objective{double}, LbfgsOptions?)"/>
    public static LbfgsReport Minimize(Span<float> point, Objective<float> function, LbfgsOptions? options = null) =>
        Minimize<float>(point, function, options);

    /// <summary>Takes a step: some iterations.</summary>
    /// <param name="parameters">The parameters, as many as the optimizer was made for; updated in place, also while the function
    /// is called.</param>
    /// <param name="function">Gives the loss and its gradient at a point, which are the parameters themselves. Called on this
    /// thread. If it throws, the parameters are where the last iteration began, and the history is forgotten.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="ArgumentNullException">The function is null.</exception>
    /// <exception cref="ArgumentException">The length is not the optimizer's. Nothing has changed then.</exception>
    /// <exception cref="InvalidOperationException">The optimizer is in a step. Nothing has changed then.</exception>
    public LbfgsReport Step(Span<float> parameters, Objective<float> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        if (parameters.Length != Length)
        {
            throw new ArgumentException(
                $"There are {parameters.Length} parameters, but the optimizer was made for {Length}.", nameof(parameters));
        }

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

    /// <summary>Takes a step with all parameters of a set together, one after the other as one vector.</summary>
    /// <param name="parameters">The set, with as many elements as the optimizer was made for. Parameters that say that they have
    /// no gradient count as having one of zero.</param>
    /// <param name="computeLoss">Computes the loss, which it gives, and the gradients of the parameters as they are, into their
    /// buffers, which are zero each time. Called on this thread. If it throws, the parameters are where the last iteration began, and
    /// the history is forgotten.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">The number of elements is not the optimizer's. Nothing has changed then.</exception>
    /// <exception cref="InvalidOperationException">The optimizer is in a step, or the parameters do not hold their own values.
    /// Nothing has changed then.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public LbfgsReport Step(ParameterSet parameters, Func<double> computeLoss)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(computeLoss);
        if (parameters.ElementCount != Length)
        {
            throw new ArgumentException(
                $"The set has {parameters.ElementCount} elements, but the optimizer was made for {Length}.", nameof(parameters));
        }

        ObjectDisposedException.ThrowIf(parameters.IsDisposed, parameters);
        parameters.RequireNoTables("minimised along", nameof(parameters));
        parameters.ValueUse.RequireOwn();
        _guard.Enter();
        try
        {
            _set = parameters;
            _computeLoss = computeLoss;
            _flat ??= new float[Length];
            Gather(parameters, parameter => parameter.Values, _flat);
            parameters.ValueUse.ReplacedBecause = $"{nameof(Lbfgs)} tries points, and has not chosen one yet. Wait until its step returns.";
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

    /// <summary>Forgets everything: as before the first step.</summary>
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

    private static void Gather(ParameterSet set, Func<Parameter, Span<float>> buffer, Span<float> flat)
    {
        foreach (Parameter parameter in set)
        {
            buffer(parameter).CopyTo(flat);
            flat = flat[parameter.Length..];
        }
    }

    private static void Scatter(ReadOnlySpan<float> flat, ParameterSet set)
    {
        foreach (Parameter parameter in set)
        {
            flat[..parameter.Length].CopyTo(parameter.Values);
            flat = flat[parameter.Length..];
            if (!parameter.BFloat16Values.IsEmpty)
            {
                parameter.KeepBFloat16Copy();
            }
        }
    }

    private double LossOfSet(ReadOnlySpan<float> point, Span<float> gradient)
    {
        ParameterSet set = _set!;
        Scatter(point, set);
        set.ZeroGradients();
        double loss = _computeLoss!();
        foreach (Parameter parameter in set)
        {
            if (parameter.HasGradient)
            {
                parameter.Gradients.CopyTo(gradient);
            }

            gradient = gradient[parameter.Length..];
        }

        return loss;
    }
}
