namespace Optimizers;

/// <summary>Training and evaluation points in a model.</summary>
public static unsafe class ScheduleFreeExtensions
{
    /// <summary>Moves every parameter that has an evaluation point there, frozen ones too; the others stay.</summary>
    /// <param name="optimizer">The optimizer of the model, which takes no step until <see cref="Train"/>.</param>
    /// <remarks>Averages and slow weights take the values as they are: update or restart them at the training point.</remarks>
    /// <exception cref="InvalidOperationException">The parameters do not hold their own values; an average is swapped in, say.
    /// Nothing has changed then.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public static void Evaluate(this ModelOptimizer optimizer) => Switch(optimizer, evaluating: true);

    /// <summary>Moves every parameter that is at an evaluation point back to its training point.</summary>
    /// <param name="optimizer">The optimizer of the model.</param>
    /// <exception cref="InvalidOperationException">The parameters do not hold their own values; an average is swapped in, say.
    /// Nothing has changed then.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public static void Train(this ModelOptimizer optimizer) => Switch(optimizer, evaluating: false);

    private static void Switch(ModelOptimizer optimizer, bool evaluating)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        optimizer.Parameters.Alive(null);
        optimizer.Parameters.ValueUse.RequireOwn();
        foreach ((Parameter parameter, ParameterGroup group, OptimizerState state) in optimizer.Members)
        {
            if (group.Options is IScheduleFreeOptions free)
            {
                ScheduleFreePoints.Switch(state, parameter.Values, free.Interpolation, evaluating);
                if (!parameter.BFloat16Values.IsEmpty)
                {
                    parameter.KeepBFloat16Copy();
                }
            }
        }
    }
}
