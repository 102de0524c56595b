namespace Optimizers;

/// <summary>Moves the parameters of a model between their training and evaluation points.</summary>
public static unsafe class ScheduleFreeExtensions
{
    /// <summary>Moves every parameter of a schedule-free optimizer to its evaluation point, including frozen parameters.
    /// Other parameters do not change.</summary>
    /// <param name="optimizer">The optimizer of the model. It can take no step until <see cref="Train"/> is called.</param>
    /// <remarks>Averages and slow weights read the current values: update or restart them at the training point.</remarks>
    /// <exception cref="InvalidOperationException">The values of the parameters are replaced, for example by an average.
    /// Nothing has changed.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public static void Evaluate(this ModelOptimizer optimizer) => Switch(optimizer, evaluating: true);

    /// <summary>Moves every parameter that is at an evaluation point back to its training point.</summary>
    /// <param name="optimizer">The optimizer of the model.</param>
    /// <exception cref="InvalidOperationException">The values of the parameters are replaced, for example by an average.
    /// Nothing has changed.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public static void Train(this ModelOptimizer optimizer) => Switch(optimizer, evaluating: false);

    private static void Switch(ModelOptimizer optimizer, bool evaluating)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        optimizer.Parameters.Alive(null);
        optimizer.Parameters.ValueUse.RequireFree();
        foreach ((Parameter parameter, ParameterGroup group, OptimizerState state) in optimizer.Members)
        {
            if (group.Options is IScheduleFreeOptions free)
            {
                ScheduleFreePoints.Switch(state, parameter.Values, free.Interpolation, evaluating);
                parameter.RoundValues();
            }
        }
    }
}
