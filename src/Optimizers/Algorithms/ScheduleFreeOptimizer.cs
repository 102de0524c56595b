namespace Optimizers;

/// <summary>
/// An optimizer that averages the parameters over the updates, and so needs no learning-rate schedule. Gradients are
/// computed at the training point y; the model is used at the evaluation point x. During training the parameters are at y.
/// <see cref="Evaluate"/> moves them to x, and <see cref="Train"/> moves them back.
/// </summary>
/// <remarks>
/// In a model, <see cref="ScheduleFreeExtensions.Evaluate"/> and <see cref="ScheduleFreeExtensions.Train"/> move all
/// parameters of such an optimizer. Moving to x and back may round the last digit of a parameter. If the run must stay the
/// same to the last bit, do not move its parameters. Instead, clone the optimizer, copy the parameters, and call
/// <see cref="Evaluate"/> of the clone on the copy.
/// </remarks>
public abstract class ScheduleFreeOptimizer : Optimizer
{
    private readonly double _interpolation;

    private protected ScheduleFreeOptimizer(int length, IScheduleFreeOptions options, int threads, StateFormat stateFormat)
        : base(length, options, threads, stateFormat) =>
        _interpolation = options.Interpolation;

    /// <summary>Whether the parameters are at the evaluation point; a step then throws.</summary>
    public bool IsEvaluating => ScheduleFreePoints.IsEvaluating(State);

    /// <summary>Moves the parameters to the evaluation point x, if they are not there.</summary>
    /// <param name="parameters">The parameters that the optimizer updates.</param>
    /// <exception cref="ArgumentException">The length differs from the optimizer's. Nothing has changed.</exception>
    public void Evaluate(Span<float> parameters) =>
        ScheduleFreePoints.Switch(State, parameters, _interpolation, evaluating: true);

    /// <summary>Moves the parameters back to the training point y, if they are not there.</summary>
    /// <inheritdoc cref="Evaluate" path="/param|/exception"/>
    public void Train(Span<float> parameters) =>
        ScheduleFreePoints.Switch(State, parameters, _interpolation, evaluating: false);
}
