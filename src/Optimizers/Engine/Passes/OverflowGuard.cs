namespace Optimizers.Engine;

/// <summary>
/// Tells, in a few operations a step, whether a step could make a finite parameter or state infinite: it keeps a bound of all
/// magnitudes, to which each step adds what its gradients can add at most.
/// </summary>
/// <remarks>
/// The magnitude of a slot of squares is the root of its values, so that a sum of squares grows by no more than the gradient. The
/// bound is only ever too large. When it says nothing any more, the magnitudes are measured anew; and where those are too
/// large too, <see cref="TrialStep"/> takes the step on a copy.
/// </remarks>
internal sealed class OverflowGuard
{
    // A step whose size follows a norm may double a parameter, which nothing else bounds.
    private const int Interval = 64;

    // How far an element moves at a rate of 1 where the size of the gradient is divided out: at most some tens with moments, and a
    // thousand times that if the update is cautious.
    private const double LargestMove = 1e5;

    private double _bound = double.PositiveInfinity;
    private int _steps;

    /// <summary>The largest magnitude; 0 of none.</summary>
    public static double LargestOf(ReadOnlySpan<double> values)
    {
        double largest = 0;
        foreach (double value in values)
        {
            largest = Math.Max(largest, Math.Abs(value));
        }

        return largest;
    }

    /// <summary>Whether a step cannot overflow, as far as is known; the bound then grows by it.</summary>
    public bool Admits(in StepDemand demand)
    {
        double rate = demand.LearningRate;
        double bound = (_bound * (1 + rate)) + ((demand.Gradient + (demand.Decay * _bound)) * Math.Max(1, rate)) + (LargestMove * rate);
        if (!(Math.Max(bound, demand.Scalar) <= demand.SafeMagnitude) || (_steps >= Interval && demand.MeasuresAtIntervals))
        {
            return false;
        }

        _bound = bound;
        _steps++;
        return true;
    }

    /// <summary>Takes the largest magnitude of all parameters and state as they are now.</summary>
    public void Take(double measured)
    {
        _bound = measured;
        _steps = 0;
    }

    /// <summary>Says that parameters or state may be anything.</summary>
    public void Forget() => Take(double.PositiveInfinity);
}

/// <summary>What a step asks of the numbers' range.</summary>
/// <param name="Gradient">The largest magnitude that a gradient has as the rules get it, or a bound of it.</param>
/// <param name="Scalar">The largest magnitude of a scalar of state, as far as rules compute with it.</param>
/// <param name="LearningRate">The largest rate.</param>
/// <param name="Decay">The largest weight decay.</param>
/// <param name="SafeMagnitude">The least <see cref="IOptimizerOptions.SafeMagnitude"/>.</param>
/// <param name="MeasuresAtIntervals">Whether magnitudes are measured every so many steps, because the size of a step may follow the
/// norm of the parameters; not where a step takes less time than that.</param>
internal readonly record struct StepDemand(
    double Gradient, double Scalar, double LearningRate, double Decay, double SafeMagnitude, bool MeasuresAtIntervals);
