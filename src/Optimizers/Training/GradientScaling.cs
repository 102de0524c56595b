using System.Numerics.Tensors;

namespace Optimizers.Training;

/// <summary>Multiplies gradients by a factor, in place.</summary>
internal static class GradientScaling
{
    /// <summary>Multiplies the gradients by a factor. A factor of 1 writes nothing, so every bit stays.</summary>
    public static void Apply(Span<float> gradients, double factor)
    {
        if (factor != 1)
        {
            TensorPrimitives.Multiply(gradients, (float)factor, gradients);
        }
    }
}
