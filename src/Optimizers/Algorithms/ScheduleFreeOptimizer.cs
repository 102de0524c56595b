namespace Optimizers;

/// <summary>
/// An optimizer without a schedule, in whose place it averages: gradients are taken at one point y, the model is used at
/// another, x. Parameters are at y while it trains; <see cref="Evaluate"/> moves them to x and <see cref="Train"/> back.
/// </summary>
/// <remarks>
/// In a model, <see cref="ScheduleFreeExtensions.Evaluate"/> and <see cref="ScheduleFreeExtensions.Train"/> move all parameters
/// that such an optimizer updates. The way there and back may round the last digit of a parameter; a clone and a copy of the
/// parameters, moved in their place, leave the run as it is to the last bit.
/// </remarks>
public abstract class ScheduleFreeOptimizer : Optimizer
{
    private readonly double _interpolation;

    private protected ScheduleFreeOptimizer(int length, IScheduleFreeOptions options, int threads, StateFormat stateFormat)
        : base(length, options, threads, stateFormat) =>
        _interpolation = options.Interpolation;

    /// <summary>Whether the parameters are at the evaluation point, where a step is an error.</summary>
    public bool IsEvaluating => ScheduleFreePoints.IsEvaluating(State);

    /// <summary>Moves the parameters to the evaluation point x, unless they are there.</summary>
    /// <param name="parameters">The parameters that the optimizer updates.</param>
    /// <exception cref="ArgumentException">The length is not the optimizer's. Nothing has changed then.</exception>
    public void Evaluate(Span<float> parameters) =>
        ScheduleFreePoints.Switch(State, parameters, _interpolation, evaluating: true);

    /// <summary>Moves the parameters back to the training point y, unless they are there.</summary>
    /// <inheritdoc cref="Evaluate" path="/param|/exception"/>
    public void Train(Span<float> parameters) =>
        ScheduleFreePoints.Switch(State, parameters, _interpolation, evaluating: false);
}
