namespace Optimizers;

/// <summary>Questions of a wrapper about the optimizers that it wraps.</summary>
internal static class WrappedOptimizers
{
    /// <summary>The <see cref="ModelOptimizer"/> inside all wrappers; null if the innermost optimizer has another type.</summary>
    public static ModelOptimizer? Innermost(this IModelOptimizer optimizer)
    {
        while (optimizer.Inner is { } inner)
        {
            optimizer = inner;
        }

        return optimizer as ModelOptimizer;
    }

    /// <summary>Throws if an accumulator keeps its sums in the gradient buffers, because the wrapper overwrites them.</summary>
    public static void RequireNoSumsInGradients(this IModelOptimizer optimizer, string wrapper)
    {
        for (IModelOptimizer? at = optimizer; at is not null; at = at.Inner)
        {
            if (at is GradientAccumulator { AddsInPlace: true })
            {
                throw new ArgumentException(
                    $"A {wrapper} cannot wrap a {nameof(GradientAccumulator)} with {nameof(GradientAccumulatorOptions.AddsInPlace)}: "
                    + $"it overwrites the gradient buffers, in which the accumulator keeps its sums. Leave {nameof(GradientAccumulatorOptions.AddsInPlace)} false.",
                    nameof(optimizer));
            }
        }
    }
}
