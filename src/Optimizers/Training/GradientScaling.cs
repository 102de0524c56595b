using System.Numerics.Tensors;

namespace Optimizers.Training;

/// <summary>Multiplies gradients by a factor of their own, in place.</summary>
internal static class GradientScaling
{
    /// <summary>A factor of 1 leaves every bit and writes nothing.</summary>
    public static void Apply(Span<float> gradients, double factor)
    {
        if (factor != 1)
        {
            TensorPrimitives.Multiply(gradients, (float)factor, gradients);
        }
    }
}
