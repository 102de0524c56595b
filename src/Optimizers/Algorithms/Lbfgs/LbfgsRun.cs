namespace Optimizers;

/// <summary>Runs L-BFGS on a vector of float or double. Contains the iterations of a step, and the state between
/// steps.</summary>
/// <typeparam name="T">The elements: float or double.</typeparam>
internal sealed class LbfgsRun<T>(int length, LbfgsOptions options) : ILine
    where T : unmanaged
{
    private readonly LbfgsMemory<T> _memory = new(length, options.HistorySize);
    private readonly double[] _direction = new double[length];
    private readonly T[] _previousGradient = new T[length];
    private readonly T[] _origin = new T[length];
    private T[] _gradient = new T[length];
    private T[] _trialGradient = new T[length];
    private double _distance;

    // The point and the function during a step.
    private unsafe T* _point;
    private Objective<T>? _function;
    private int _evaluationsOfStep;

    /// <summary>The number of iterations since the history was last cleared.</summary>
    public long Iterations { get; private set; }

    /// <summary>The number of evaluations in all steps together.</summary>
    public long Evaluations { get; private set; }

    /// <summary>The number of pairs in the history.</summary>
    public int Pairs => _memory.Count;

    public unsafe long Bytes => _memory.Bytes + ((long)length * (sizeof(double) + (4 * sizeof(T))));

    double ILine.Reach => Vectors.MaximumMagnitude<double>(_direction);

    private int MostEvaluations =>
        options.MaximumEvaluations ?? (int)Math.Min(options.MaximumIterations * 5L / 4, int.MaxValue);

    /// <summary>Resets the state to the state before the first step.</summary>
    public void Reset()
    {
        Forget();
        Evaluations = 0;
    }

    public unsafe LbfgsReport Step(Span<T> point, Objective<T> function)
    {
        fixed (T* address = point)
        {
            _point = address;
            _function = function;
            _evaluationsOfStep = 0;
            point.CopyTo(_origin);
            try
            {
                return Iterate(point);
            }
            catch
            {
                // The user's function threw, so the point returns to the start of the iteration, and the history is cleared.
                _origin.CopyTo(point);
                Forget();
                throw;
            }
            finally
            {
                _point = null;
                _function = null;
            }
        }
    }

    public void Describe(CheckpointManifest contents)
    {
        _memory.Describe(contents);
        contents.Tensor("d", [length], () => _direction.AsSpan());
        contents.Tensor("prev_flat_grad", [length], () => _previousGradient.AsSpan());
        contents.Scalar("t", () => _distance, distance => _distance = distance);
        contents.Counter("n_iter", () => Iterations, count => Iterations = count);
        contents.Counter("func_evals", () => Evaluations, count => Evaluations = count);
    }

    LinePoint ILine.At(double distance)
    {
        MoveTo(distance);
        double loss = Evaluate(_trialGradient);
        return new LinePoint(distance, loss, Vectors.Dot<T, double>(_trialGradient, _direction));
    }

    void ILine.Keep() => (_gradient, _trialGradient) = (_trialGradient, _gradient);

    void ILine.KeepStart() => _previousGradient.CopyTo(_gradient, 0);

    private LbfgsReport Iterate(Span<T> point)
    {
        double first = Evaluate(_gradient);
        double loss = first;
        double steepest = Vectors.MaximumMagnitude<T>(_gradient);
        LbfgsOutcome? outcome =
            !double.IsFinite(first) ? LbfgsOutcome.NotFinite
            : steepest <= options.GradientTolerance ? LbfgsOutcome.GradientTolerance
            : null;
        int iteration = 0;
        while (outcome is null)
        {
            iteration++;
            Iterations++;
            FindDirection();
            _gradient.CopyTo(_previousGradient, 0);
            point.CopyTo(_origin);
            double previousLoss = loss;
            _distance = options.LearningRate * (Iterations == 1 ? Math.Min(1, 1 / Vectors.SumOfMagnitudes<T>(_gradient)) : 1);
            double slope = Vectors.Dot<T, double>(_gradient, _direction);
            if (slope > -options.ChangeTolerance)
            {
                outcome = LbfgsOutcome.SlopeTolerance;
                break;
            }

            bool last = iteration == options.MaximumIterations;
            if (!double.IsFinite(slope) || !Move(point, ref loss, slope, last))
            {
                _origin.CopyTo(point);
                loss = previousLoss;
                Forget();
                outcome = LbfgsOutcome.NotFinite;
                break;
            }

            steepest = Vectors.MaximumMagnitude<T>(_gradient);
            outcome =
                _distance == 0 ? LbfgsOutcome.NoBetterPoint
                : last ? LbfgsOutcome.MaximumIterations
                : _evaluationsOfStep >= MostEvaluations ? LbfgsOutcome.MaximumEvaluations
                : steepest <= options.GradientTolerance ? LbfgsOutcome.GradientTolerance
                : Vectors.MaximumMagnitude<double>(_direction) * _distance <= options.ChangeTolerance
                    || Math.Abs(loss - previousLoss) < options.ChangeTolerance ? LbfgsOutcome.ChangeTolerance
                : null;
        }

        return new LbfgsReport
        {
            Outcome = outcome.Value,
            FirstLoss = first,
            Loss = loss,
            LargestGradient = steepest,
            Iterations = iteration,
            Evaluations = _evaluationsOfStep,
        };
    }

    private void FindDirection()
    {
        if (Iterations == 1)
        {
            _memory.Forget();
        }
        else
        {
            _memory.Take(_distance, _direction, _gradient, _previousGradient);
        }

        _memory.Direction(_gradient, _direction);
    }

    // Returns false if the function is not finite at the new point.
    private bool Move(Span<T> point, ref double loss, double slope, bool last)
    {
        if (options.LineSearch == LineSearch.StrongWolfe)
        {
            LinePoint found = StrongWolfe.Search(
                this, new LinePoint(0, loss, slope), _distance, Math.Max(0, MostEvaluations - _evaluationsOfStep));
            _distance = found.Distance;
            loss = found.Loss;
            return MoveTo(_distance);
        }

        if (last)
        {
            return MoveTo(_distance);
        }

        LinePoint there = ((ILine)this).At(_distance);
        ((ILine)this).Keep();
        loss = there.Loss;
        return there.IsFinite;
    }

    // Returns false if the new point is not finite.
    private unsafe bool MoveTo(double distance)
    {
        var point = new Span<T>(_point, length);
        Vectors.Combine<T, double, T>(1, _origin, distance, _direction, point);
        return double.IsFinite(Vectors.MaximumMagnitude<T>(point));
    }

    // Every value that is not finite becomes +∞, so that no search chooses it.
    private unsafe double Evaluate(T[] gradient)
    {
        var point = new ReadOnlySpan<T>(_point, length);
        _evaluationsOfStep++;
        Evaluations++;
        Array.Clear(gradient);
        if (!double.IsFinite(Vectors.MaximumMagnitude(point)))
        {
            return double.PositiveInfinity;
        }

        double loss = _function!(point, gradient);
        return double.IsFinite(loss) && double.IsFinite(Vectors.MaximumMagnitude<T>(gradient))
            ? loss
            : double.PositiveInfinity;
    }

    private void Forget()
    {
        _memory.Forget();
        Iterations = 0;
    }
}
