namespace Optimizers;

/// <summary>The time in which an operation reads gradients: see <see cref="ParameterSet.TakeGradients"/>.</summary>
internal readonly ref struct GradientScope(ParameterSet parameters) : IDisposable
{
    public void Dispose() => parameters.ReleaseGradients();
}
