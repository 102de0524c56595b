namespace Optimizers.Training;

/// <summary>Measures norms.</summary>
public static class NormKindExtensions
{
    /// <summary>
    /// Measures the norm of some values. It is summed in double, in a fixed order, so it has the same bits on every processor. Sums of
    /// <c>TensorPrimitives</c> do not.
    /// </summary>
    /// <param name="kind">The kind of norm.</param>
    /// <param name="values">The values.</param>
    /// <param name="order">The order p of <see cref="NormKind.P"/>. Finite, at least 1; default 2.</param>
    /// <returns>The norm: 0 for an empty span; NaN or infinite if a value is.</returns>
    public static double Of(this NormKind kind, ReadOnlySpan<float> values, double order = 2)
    {
        Require.Defined(kind);
        if (!(order >= 1) || !double.IsFinite(order))
        {
            throw new ArgumentOutOfRangeException(nameof(order), order, $"{nameof(order)} must be finite and at least 1.");
        }

        var norm = new Norm(kind, order);
        return norm.Finish(norm.OfTensor(values));
    }
}
