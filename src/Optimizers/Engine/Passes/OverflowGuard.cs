namespace Optimizers.Engine;

/// <summary>
/// Checks, with a few operations per step, whether a step could make a finite parameter or state infinite. It keeps an upper bound of
/// all magnitudes. Each step adds the most that its gradients can add.
/// </summary>
/// <remarks>
/// For a slot of squares, the magnitude is the square root of its values, so a sum of squares grows by no more than the gradient. The
/// bound can only be too large. When it exceeds the safe magnitude, the magnitudes are measured again. If those are too
/// large too, <see cref="TrialStep"/> takes the step on a copy.
/// </remarks>
internal sealed class OverflowGuard
{
    // The number of steps between two measurements, for rules whose steps are as large as the norm of the parameters: each of these
    // steps may double a parameter.
    private const int Interval = 64;

    // The largest move of an element at a rate of 1, for rules that divide by the size of the gradient: at most a few tens with moments,
    // and a thousand times that for a cautious update.
    private const double LargestMove = 1e5;

    private double _bound = double.PositiveInfinity;
    private int _steps;

    /// <summary>The largest magnitude; 0 for an empty span.</summary>
    public static double LargestOf(ReadOnlySpan<double> values)
    {
        double largest = 0;
        foreach (double value in values)
        {
            largest = Math.Max(largest, Math.Abs(value));
        }

        return largest;
    }

    /// <summary>Whether a step certainly cannot overflow. If so, the bound grows by the step.</summary>
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

    /// <summary>Sets the bound to the measured largest magnitude of all parameters and state.</summary>
    public void Take(double measured)
    {
        _bound = measured;
        _steps = 0;
    }

    /// <summary>Clears the bound, because parameters or state may have any magnitude.</summary>
    public void Forget() => Take(double.PositiveInfinity);
}

/// <summary>The quantities of a step that determine whether it can overflow.</summary>
/// <param name="Gradient">The largest magnitude of a gradient after its transforms, or an upper bound of it.</param>
/// <param name="Scalar">The largest magnitude of a state scalar that rules compute with.</param>
/// <param name="LearningRate">The largest learning rate.</param>
/// <param name="Decay">The largest weight decay.</param>
/// <param name="SafeMagnitude">The smallest <see cref="IOptimizerOptions.SafeMagnitude"/>.</param>
/// <param name="MeasuresAtIntervals">Whether magnitudes are measured at intervals, because the size of a step may follow the
/// norm of the parameters. False if a step takes less time than the measurement.</param>
internal readonly record struct StepDemand(
    double Gradient, double Scalar, double LearningRate, double Decay, double SafeMagnitude, bool MeasuresAtIntervals);
