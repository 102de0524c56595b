using System.Diagnostics.CodeAnalysis;

namespace Optimizers;

/// <summary>
/// Runs any options over one buffer of parameters, yours included. <see cref="AdamW"/> and the others are this class with a
/// name and a type for their options.
/// </summary>
public unsafe class Optimizer : IOptimizer
{
    private readonly int[] _shape;
    private readonly int _threads;
    private readonly int _widestLane;
    private readonly StateFormat _stateFormat;
    private GroupUpdate _group;
    private WorkList _work;
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
        : this(LengthOf(length), options, threads, widestLane: 0, stateFormat)
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
        ArgumentNullException.ThrowIfNull(shape);
        double elements = 1;
        foreach (int length in shape)
        {
            Require.AtLeast(length, 0, nameof(shape));
            elements *= length;
        }

        if (elements > int.MaxValue)
        {
            throw new ArgumentException($"The shape [{string.Join(", ", shape)}] has more than {int.MaxValue} elements. Split the buffer and use an optimizer for each part.", nameof(shape));
        }

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
    public void Step(Span<float> parameters, ReadOnlySpan<float> gradients) => Step(parameters, gradients, LearningRate);

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
    public void Step(Span<float> parameters, RowGradients gradients) => Step(parameters, gradients, LearningRate);

    /// <inheritdoc/>
    /// <remarks>It is of the same class. The fields of a derived class are copied as they are; override this method if one
    /// of them must not be shared.</remarks>
    public virtual IOptimizer Clone()
    {
        var clone = (Optimizer)MemberwiseClone();
        clone.Allocate();
        return clone.WithStateOf(this);
    }

    /// <summary>The class or options, the shape, the rate and the state.</summary>
    public override string ToString() =>
        $"{(GetType() == typeof(Optimizer) ? TextTable.OptimizerOf(Options) : GetType().Name)} of [{string.Join(", ", _shape)}]: "
        + $"rate {TextTable.Number(LearningRate)}, weight decay {TextTable.Number(Options.WeightDecay)}, {State}";

    private static int[] LengthOf(int length)
    {
        Require.AtLeast(length, 0);
        return [length];
    }

    // What belongs to one instance alone: its buffers, and what a step leaves behind.
    [MemberNotNull(nameof(_group), nameof(_work), nameof(State))]
    private void Allocate()
    {
        TensorShape shape = TensorShape.Of(_shape);
        _group = new GroupUpdate(Options);
        _group.Update.Matrices?.Check(shape, "the buffer");
        _work = new WorkList(_threads, _widestLane);
        _rows = null;
        _guard = default;
        State = new OptimizerState(shape, _group.Update, _stateFormat);
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
            throw new ArgumentException("The gradients overlap the parameters. Keep them in another buffer.", nameof(gradients));
        }

        if (State.Overlaps(gradients))
        {
            throw new ArgumentException("The gradients overlap the optimizer's own state. Pass a copy of them.", nameof(gradients));
        }
    }

    private TouchedRows Check(Span<float> parameters, RowGradients gradients, double learningRate)
    {
        if ((_group.WhyNotRows(State.Format) ?? _group.WhyNotRows(Options.WeightDecay)) is { } reason)
        {
            throw new NotSupportedException($"Gradients of some rows are refused: {reason}. Pass gradients of all elements.");
        }

        Check(parameters, learningRate);
        if (gradients.Width < 1 || State.Length % gradients.Width != 0)
        {
            throw new ArgumentException(
                $"{State.Length} parameters cannot be divided into rows of {gradients.Width} elements.", nameof(gradients));
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
        if (State.Overlaps(parameters))
        {
            throw new ArgumentException("The parameters overlap the optimizer's own state. Pass a copy of them.", nameof(parameters));
        }
    }

    private void Begin(double learningRate)
    {
        _group.Begin(learningRate, Options.WeightDecay, zeroGradients: false);
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
