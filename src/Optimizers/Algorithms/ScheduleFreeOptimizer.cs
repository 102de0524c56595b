namespace Optimizers;

/// <summary>
/// An optimizer with an average instead of a schedule. Gradients are computed at the training point y; the model is used at the
/// evaluation point x. During training the parameters are at y. <see cref="Evaluate"/> moves them to x, and
/// <see cref="Train"/> back.
/// </summary>
/// <remarks>
/// In a model, <see cref="ScheduleFreeExtensions.Evaluate"/> and <see cref="ScheduleFreeExtensions.Train"/> move all
/// parameters of such an optimizer. Moving to x and back may round the last digit of a parameter. To keep the run the same to
/// the last bit, clone the optimizer and copy the parameters, and move the copy with the clone.
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
