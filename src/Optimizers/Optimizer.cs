using System.Diagnostics.CodeAnalysis;

namespace Optimizers;

/// <summary>
/// Runs any options, including your own, over one buffer of parameters. <see cref="AdamW"/> and the other optimizer classes
/// derive from this class and add a name and typed options.
/// </summary>
public unsafe class Optimizer : IOptimizer
{
    private readonly int[] _shape;
    private readonly int _threads;
    private readonly int _widestLane;
    private readonly StateFormat _stateFormat;
    private TensorBatch _batch;
    private GroupStep _step;
    private PassRunner _runner;
    private OverflowGuard _overflow;
    private StepGuard _guard;
    private SparseRows? _rows;

    // What the guard has measured: the parameters at this address, and the state after its last load.
    private nuint _measuredAddress;
    private int _measuredRevision;

    /// <summary>Creates the optimizer and its state.</summary>
    /// <param name="length">The number of parameters, at least 0.</param>
    /// <param name="options">The hyperparameters.</param>
    /// <param name="threads">The maximum number of threads of a step; 0, the default, means the number of processors. Small
    /// buffers stay on the caller's thread. The result has the same bits for every number of threads.</param>
    /// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
    /// <exception cref="ArgumentNullException">The options are null.</exception>
    /// <exception cref="ArgumentException">An argument or an option is out of its range; the message names it.</exception>
    public Optimizer(
        int length, IOptimizerOptions options, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
        : this(Vector(length), options, threads, widestLane: 0, stateFormat)
    {
    }

    /// <summary>Creates the optimizer and its state for parameters that form a matrix or a tensor of more dimensions.</summary>
    /// <param name="shape">The length of each dimension, each at least 0; the last dimension changes fastest. For optimizers
    /// that do not use the shape, only the product of the lengths matters.</param>
    /// <inheritdoc cref="Optimizer(int, IOptimizerOptions, int, StateFormat)"/>
    /// <param name="options"/>
    /// <param name="threads"/>
    /// <param name="stateFormat"/>
    public Optimizer(
        IReadOnlyList<int> shape,
        IOptimizerOptions options,
        int threads = 0,
        StateFormat stateFormat = StateFormat.Float32)
        : this(shape, options, threads, widestLane: 0, stateFormat)
    {
    }

    internal Optimizer(
        IReadOnlyList<int> shape,
        IOptimizerOptions options,
        int threads,
        int widestLane,
        StateFormat stateFormat = StateFormat.Float32)
    {
        ArgumentNullException.ThrowIfNull(options);
        LengthOf(shape);
        Require.AtLeast(threads, 0);
        Require.Defined(stateFormat);
        OptionsCheck.Validate(options);
        Options = options;
        _shape = [.. shape];
        _threads = threads;
        _widestLane = widestLane;
        _stateFormat = stateFormat;
        Allocate();
    }

    /// <summary>The hyperparameters.</summary>
    public IOptimizerOptions Options { get; }

    /// <inheritdoc/>
    public double LearningRate => Options.LearningRate;

    /// <inheritdoc/>
    public OptimizerState State { get; private set; }

    /// <summary>
    /// What a step does if a gradient is NaN or infinite, or so large that a parameter or its state would become NaN or infinite.
    /// Default <see cref="NonFinitePolicy.Propagate"/>: no check; such a value spreads into parameters and state. The other
    /// policies need one pass over the gradients. Can be changed between steps.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a member of the enumeration.</exception>
    public NonFinitePolicy NonFinite
    {
        get;
        set
        {
            Require.Defined(value, nameof(NonFinite));
            field = value;
        }
    } = NonFinitePolicy.Propagate;

    /// <summary>
    /// The total number of steps that <see cref="NonFinitePolicy.Skip"/> has skipped because of their gradients. There is no
    /// limit.
    /// </summary>
    public long Skips { get; private set; }

    /// <summary>The number of consecutive skipped steps up to the last one; 0 if the last step was applied.</summary>
    public long ConsecutiveSkips { get; private set; }

    /// <inheritdoc/>
    /// <exception cref="NonFiniteGradientException">A gradient is NaN or infinite, or would make a parameter or its state NaN
    /// or infinite, and <see cref="NonFinite"/> is <see cref="NonFinitePolicy.Throw"/>. Nothing has changed.</exception>
    public void Step(Span<float> parameters, ReadOnlySpan<float> gradients, double learningRate)
    {
        _guard.Enter();
        try
        {
            Check(parameters, gradients, learningRate);
            fixed (float* parameterAddress = parameters)
            fixed (float* gradientAddress = gradients)
            {
                _batch.Clear();
                _batch.Add(_step, State, parameterAddress, gradientAddress);
                Apply(learningRate, rows: null);
            }
        }
        finally
        {
            _guard.Leave();
        }
    }

    /// <inheritdoc/>
    /// <exception cref="NonFiniteGradientException">A gradient is NaN or infinite, or would make a parameter or its state NaN
    /// or infinite, and <see cref="NonFinite"/> is <see cref="NonFinitePolicy.Throw"/>. Nothing has changed.</exception>
    public void Step(Span<float> parameters, ReadOnlySpan<float> gradients) => Step(parameters, gradients, LearningRate);

    /// <inheritdoc/>
    /// <exception cref="NonFiniteGradientException">A gradient is NaN or infinite, or would make a parameter or its state NaN
    /// or infinite, and <see cref="NonFinite"/> is <see cref="NonFinitePolicy.Throw"/>. Nothing has changed.</exception>
    public void Step(Span<float> parameters, RowGradients gradients, double learningRate)
    {
        _guard.Enter();
        try
        {
            SparseRows rows = Check(parameters, gradients, learningRate);
            fixed (float* address = parameters)
            fixed (float* values = gradients.Values)
            {
                if (gradients.LongRows.IsEmpty)
                {
                    rows.Point(gradients.Rows, values);
                }
                else
                {
                    rows.Point(gradients.LongRows, values);
                }

                _batch.Clear();
                _batch.Add(_step, State, new ParameterBuffers(new NumberBuffer(address, NumberFormat.Float32), default, default, default), rows);
                Apply(learningRate, rows);
            }
        }
        finally
        {
            _rows?.Clear();
            _guard.Leave();
        }
    }

    /// <inheritdoc/>
    public void Step(Span<float> parameters, RowGradients gradients) => Step(parameters, gradients, LearningRate);

    /// <inheritdoc/>
    /// <remarks>The clone has the same class. The fields of a derived class are copied as they are; override this method if the
    /// clone must not share one of them.</remarks>
    public virtual IOptimizer Clone()
    {
        var clone = (Optimizer)MemberwiseClone();
        clone.Allocate();
        return clone.WithStateOf(this);
    }

    /// <summary>Describes the class or options, the shape, the rate and the state.</summary>
    public override string ToString() =>
        $"{(GetType() == typeof(Optimizer) ? TextTable.OptimizerOf(Options) : GetType().Name)} of [{string.Join(", ", _shape)}]: "
        + $"rate {TextTable.Number(LearningRate)}, weight decay {TextTable.Number(Options.WeightDecay)}, {State}";

    /// <summary>The number of elements of a tensor; throws if a shape has more elements than a span can hold.</summary>
    internal static int LengthOf(IReadOnlyList<int> shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        double elements = 1;
        foreach (int length in shape)
        {
            Require.AtLeast(length, 0, nameof(shape));
            elements *= length;
        }

        return elements <= int.MaxValue
            ? (int)elements
            : throw new ArgumentException($"The shape [{string.Join(", ", shape)}] has more than {int.MaxValue} elements. Split the buffer and use an optimizer for each part.", nameof(shape));
    }

    private static int[] Vector(int length)
    {
        Require.AtLeast(length, 0);
        return [length];
    }

    // What belongs to one instance only: its buffers, and the results of its steps.
    [MemberNotNull(nameof(_step), nameof(_batch), nameof(_runner), nameof(_overflow), nameof(State))]
    private void Allocate()
    {
        TensorShape shape = TensorShape.Of(_shape);
        _step = GroupStep.Of(Options);
        _step.Definition.Matrices?.Check(shape, "the buffer");
        _batch = new TensorBatch();
        _runner = new PassRunner(_batch, _threads, _widestLane);
        _overflow = new OverflowGuard();
        _measuredRevision = -1;
        Skips = 0;
        ConsecutiveSkips = 0;
        _rows = null;
        _guard = default;
        State = new OptimizerState(shape, _step.Definition, _stateFormat);
    }

    private void Check(Span<float> parameters, ReadOnlySpan<float> gradients, double learningRate)
    {
        Check(parameters, learningRate);
        if (gradients.Length != State.Length)
        {
            throw new ArgumentException(
                $"There are {gradients.Length} gradients, but {State.Length} parameters. Pass one gradient for each parameter.", nameof(gradients));
        }

        CheckApart(parameters, gradients);
    }

    private void CheckApart(Span<float> parameters, ReadOnlySpan<float> gradients)
    {
        if (gradients.Overlaps(parameters))
        {
            throw new ArgumentException("The gradients overlap the parameters. Use separate memory for each.", nameof(gradients));
        }

        State.RequireApart(gradients, nameof(gradients), nameof(gradients));
    }

    private SparseRows Check(Span<float> parameters, RowGradients gradients, double learningRate)
    {
        if ((_step.WhyNotRows(State.Format) ?? _step.WhyNotRows(Options.WeightDecay)) is { } reason)
        {
            throw new NotSupportedException($"Gradients of some rows are not supported: {reason}. Pass gradients of all elements.");
        }

        Check(parameters, learningRate);
        if (gradients.Width < 1 || State.Length % gradients.Width != 0)
        {
            throw new ArgumentException(
                $"{State.Length} parameters cannot be divided into rows of {gradients.Width} elements. Pass gradients with the width of the table.", nameof(gradients));
        }

        CheckApart(parameters, gradients.Values);
        return _rows is { } rows && rows.Width == gradients.Width
            ? rows
            : _rows = new SparseRows(State.Length / gradients.Width, gradients.Width);
    }

    private void Check(Span<float> parameters, double learningRate)
    {
        Require.LengthOfOptimizer(parameters.Length, State.Length, nameof(parameters), nameof(parameters));
        Require.NonNegative(learningRate);
        _step.RequireDecay(learningRate, Options.WeightDecay);
        State.RequireApart(parameters, nameof(parameters), nameof(parameters));
    }

    private void Apply(double learningRate, SparseRows? rows)
    {
        _step.Begin(learningRate, Options.WeightDecay, zeroGradients: false);
        int rule = MakeRule();
        if (NonFinite == NonFinitePolicy.Propagate || IsAdmitted(rows))
        {
            State.Advance(_step.HistoryAfter(State));
            _runner.Apply();
            if (_step.HasScalars)
            {
                State.TakeScalars(_step.ScalarsAfter(rule));
            }
        }

        GC.KeepAlive(State);
        GC.KeepAlive(_rows);
    }

    private int MakeRule()
    {
        _step.Clear();
        return _batch[0].Rule = _step.AddRule(State, State.Scalars);
    }

    // Gradients that the policy refuses throw, or count as a skipped step.
    private bool IsAdmitted(SparseRows? rows)
    {
        double norm = _runner.GradientNorm(Norm.Euclidean);
        Overflow? overflow = null;
        if (double.IsFinite(norm) && (CannotOverflow(norm, rows) || (overflow = TryOnCopy()) is null))
        {
            ConsecutiveSkips = 0;
            return true;
        }

        if (NonFinite == NonFinitePolicy.Throw)
        {
            int element = overflow?.Element ?? _runner.FindNonFinite().Index;
            float value = _batch[0].Addresses.Gradients[element];
            int place = rows?.PlaceOf(element) ?? element;
            throw new NonFiniteGradientException(
                parameterName: null,
                place,
                value,
                overflowing: overflow?.What,
                parameterValue: _batch[0].Addresses.Parameters[place]);
        }

        Skips++;
        ConsecutiveSkips++;
        return false;
    }

    private Overflow? TryOnCopy()
    {
        Overflow? overflow = TrialStep.Find(_batch, _runner.WidestLane, [State]);
        _overflow.Forget();
        MakeRule();
        return overflow;
    }

    private bool CannotOverflow(double largestGradient, SparseRows? rows)
    {
        var address = (nuint)_batch[0].Addresses.Parameters;
        if (address != _measuredAddress || State.Revision != _measuredRevision)
        {
            _overflow.Forget();
        }

        var demand = new StepDemand(
            largestGradient,
            _step.Definition.MagnitudeOf(State.Scalars),
            _step.LearningRate,
            _step.WeightDecay,
            _step.SafeMagnitude,
            MeasuresAtIntervals: rows is null && (_step.Measures || _step.Transforms.Decay.Coupled != 0));
        if (_overflow.Admits(demand))
        {
            return true;
        }

        _measuredAddress = address;
        _measuredRevision = State.Revision;
        _overflow.Take(Math.Max(
            Reductions.MaximumMagnitude(_batch[0].Addresses.Parameters, (nuint)State.Length), State.LargestMagnitude()));
        return _overflow.Admits(demand);
    }
}
