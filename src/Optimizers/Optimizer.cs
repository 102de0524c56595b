namespace Optimizers;

/// <summary>
/// Runs any options over one buffer of parameters, yours included; <see cref="AdamW"/> and the others are this with a
/// name and a type for their options.
/// </summary>
public sealed unsafe class Optimizer : IRowOptimizer
{
    private readonly IOptimizerOptions _options;
    private readonly GroupUpdate _group;
    private readonly WorkList _work;
    private readonly int[] _shape;
    private readonly int _threads;
    private readonly int _widestLane;
    private readonly StateFormat _stateFormat;
    private StepGuard _guard;
    private TouchedRows? _rows;

    /// <summary>Makes the optimizer and its state.</summary>
    /// <param name="length">The number of parameters, at least 0.</param>
    /// <param name="options">The hyperparameters.</param>
    /// <param name="threads">The number of threads that a step uses at most; 0, the default: as many as there are
    /// processors. Small buffers stay on the caller's thread; the result is the same bits in any case.</param>
    /// <param name="stateFormat">The number format in which state is kept between steps; default float32.</param>
    /// <exception cref="ArgumentNullException">The options are null.</exception>
    /// <exception cref="ArgumentException">An argument or an option, named in the message, is out of its range.</exception>
    public Optimizer(
        int length, IOptimizerOptions options, int threads = 0, StateFormat stateFormat = StateFormat.Float32)
        : this(Vector(length), options, threads, widestLane: 0, stateFormat)
    {
    }

    /// <summary>Makes the optimizer and its state for parameters that are a matrix or a tensor of more dimensions.</summary>
    /// <param name="shape">The length of each dimension, of which the last changes fastest; each at least 0. What optimizers
    /// do that know no shape depends on their product only.</param>
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
        _options = options;
        _shape = [.. shape];
        _group = new GroupUpdate(options);
        TensorShape tensor = TensorShape.Of(_shape);
        _group.Update.Matrices?.Check(tensor, "the buffer");
        _threads = threads;
        _widestLane = widestLane;
        _work = new WorkList(threads, widestLane);
        _stateFormat = stateFormat;
        State = new OptimizerState(tensor, _group.Update, stateFormat);
    }

    /// <inheritdoc/>
    public double LearningRate => _options.LearningRate;

    /// <inheritdoc/>
    public OptimizerState State { get; }

    /// <inheritdoc/>
    public void Step(Span<float> parameters, ReadOnlySpan<float> gradients, double learningRate)
    {
        _guard.Enter();
        try
        {
            Check(parameters, gradients, learningRate);
            fixed (float* parameterAddress = parameters)
            fixed (float* gradientAddress = gradients)
            {
                Begin(learningRate);
                _group.AddTo(_work, State, parameterAddress, gradientAddress);
                Apply();
            }
        }
        finally
        {
            _guard.Leave();
        }
    }

    /// <inheritdoc/>
    public void Step(Span<float> parameters, RowGradients gradients, double learningRate)
    {
        _guard.Enter();
        try
        {
            TouchedRows rows = Check(parameters, gradients, learningRate);
            rows.Take(gradients.Rows, gradients.Values);
            fixed (float* address = parameters)
            {
                Begin(learningRate);
                _group.AddTo(_work, State, address, rows);
                Apply();
            }
        }
        finally
        {
            _guard.Leave();
        }
    }

    /// <inheritdoc/>
    public IOptimizer Clone() =>
        new Optimizer(_shape, _options, _threads, _widestLane, _stateFormat).WithStateOf(this);

    /// <summary>The number of elements of a tensor; a shape that no span has is refused.</summary>
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
            : throw new ArgumentException($"The shape [{string.Join(", ", shape)}] has more elements than a span.", nameof(shape));
    }

    private static int[] Vector(int length)
    {
        Require.AtLeast(length, 0);
        return [length];
    }

    private void Check(Span<float> parameters, ReadOnlySpan<float> gradients, double learningRate)
    {
        Check(parameters, learningRate);
        if (gradients.Length != State.Length)
        {
            throw new ArgumentException(
                $"There are {gradients.Length} gradients for {State.Length} parameters.", nameof(gradients));
        }

        if (gradients.Overlaps(parameters))
        {
            throw new ArgumentException("The gradients overlap the parameters.", nameof(gradients));
        }

        if (State.Overlaps(gradients))
        {
            throw new ArgumentException("The gradients overlap the optimizer's own state.", nameof(gradients));
        }
    }

    private TouchedRows Check(Span<float> parameters, RowGradients gradients, double learningRate)
    {
        if ((_group.WhyNotRows(State.Format) ?? _group.WhyNotRows(_options.WeightDecay)) is { } reason)
        {
            throw new NotSupportedException($"Gradients of some rows are refused: {reason}.");
        }

        Check(parameters, learningRate);
        if (gradients.Width < 1 || State.Length % gradients.Width != 0)
        {
            throw new ArgumentException(
                $"{State.Length} parameters are no table with rows of {gradients.Width} elements.", nameof(gradients));
        }

        // Their values are copied before anything is written, so that they may lie anywhere.
        return _rows is { } rows && rows.Width == gradients.Width
            ? rows
            : _rows = new TouchedRows(State.Length / gradients.Width, gradients.Width);
    }

    private void Check(Span<float> parameters, double learningRate)
    {
        if (parameters.Length != State.Length)
        {
            throw new ArgumentException(
                $"There are {parameters.Length} parameters, but the optimizer was made for {State.Length}.", nameof(parameters));
        }

        Require.NonNegative(learningRate);
        _group.RequireDecay(learningRate, _options.WeightDecay);
        if (State.Overlaps(parameters))
        {
            throw new ArgumentException("The parameters overlap the optimizer's own state.", nameof(parameters));
        }
    }

    private void Begin(double learningRate)
    {
        _group.Begin(learningRate, _options.WeightDecay, zeroGradients: false);
        _group.Update.Clear();
        _work.Clear();
    }

    private void Apply()
    {
        _work[0].Rule = _group.PrepareRule(State);
        State.Age = _group.After(State.Age);
        _work.Apply();
        State.TakeScalars(_group.Update.ScalarsAfter(_work[0].Rule));
        GC.KeepAlive(State);
        GC.KeepAlive(_rows);
    }
}
