using System.Numerics.Tensors;
using Optimizers.Engine;
using Optimizers.Schedules;

namespace Optimizers.Benchmarks;

/// <summary>
/// Each optimizer as a composition of TensorPrimitives calls over whole spans. The code is as fast as possible: it works in place, uses one
/// scratch span repeatedly, and combines scalars so that there are few passes.
/// </summary>
internal static class Compositions
{
    public static void Sgd(in NativeTensor t, in KernelScalars s, Span<float> scratch) =>
        TensorPrimitives.MultiplyAddEstimate(t.GradientSpan, -s.Rate, t.ParameterSpan, t.ParameterSpan);

    public static void Momentum(in NativeTensor t, in KernelScalars s, Span<float> scratch)
    {
        TensorPrimitives.MultiplyAddEstimate(t.FirstSpan, s.Beta1, t.GradientSpan, t.FirstSpan);
        TensorPrimitives.MultiplyAddEstimate(t.FirstSpan, -s.Rate, t.ParameterSpan, t.ParameterSpan);
    }

    public static void Nesterov(in NativeTensor t, in KernelScalars s, Span<float> scratch)
    {
        TensorPrimitives.MultiplyAddEstimate(t.FirstSpan, s.Beta1, t.GradientSpan, t.FirstSpan);
        TensorPrimitives.MultiplyAddEstimate(t.FirstSpan, s.Beta1, t.GradientSpan, scratch);
        TensorPrimitives.MultiplyAddEstimate(scratch, -s.Rate, t.ParameterSpan, t.ParameterSpan);
    }

    // Compute rate · sign(x) as a clamp to ±rate, after a multiplication so large that only 0 stays below the rate.
    public static void Lion(in NativeTensor t, in KernelScalars s, Span<float> scratch)
    {
        TensorPrimitives.Lerp(t.FirstSpan, t.GradientSpan, s.Gain1, scratch);
        TensorPrimitives.Multiply(scratch, 3e38f, scratch);
        TensorPrimitives.Clamp(scratch, -s.Rate, s.Rate, scratch);
        TensorPrimitives.Subtract(t.ParameterSpan, scratch, t.ParameterSpan);
        TensorPrimitives.Lerp(t.FirstSpan, t.GradientSpan, s.Gain2, t.FirstSpan);
    }

    public static void AdaGrad(in NativeTensor t, in KernelScalars s, Span<float> scratch)
    {
        TensorPrimitives.MultiplyAddEstimate(t.GradientSpan, t.GradientSpan, t.FirstSpan, t.FirstSpan);
        DivideByRoot(t.GradientSpan, t.FirstSpan, s.Epsilon, scratch);
        TensorPrimitives.MultiplyAddEstimate(scratch, -s.Rate, t.ParameterSpan, t.ParameterSpan);
    }

    public static void RmsProp(in NativeTensor t, in KernelScalars s, Span<float> scratch)
    {
        AverageSquares(t.GradientSpan, t.FirstSpan, s.Gain2, scratch);
        DivideByRoot(t.GradientSpan, t.FirstSpan, s.Epsilon, scratch);
        TensorPrimitives.MultiplyAddEstimate(scratch, -s.Rate, t.ParameterSpan, t.ParameterSpan);
    }

    public static void Adam(in NativeTensor t, in KernelScalars s, Span<float> scratch)
    {
        AdamDirection(t, s, scratch);
        TensorPrimitives.MultiplyAddEstimate(
            scratch, -s.StepSize / s.RootScale, t.ParameterSpan, t.ParameterSpan);
    }

    public static void AdamW(in NativeTensor t, in KernelScalars s, Span<float> scratch)
    {
        TensorPrimitives.Multiply(t.ParameterSpan, s.Factor, t.ParameterSpan);
        Adam(t, s, scratch);
    }

    // Without rectification, the formula does not divide by the root.
    public static void RAdam(in NativeTensor t, in KernelScalars s, Span<float> scratch)
    {
        if (s.RootScale != 0)
        {
            Adam(t, s, scratch);
            return;
        }

        TensorPrimitives.Lerp(t.FirstSpan, t.GradientSpan, s.Gain1, t.FirstSpan);
        AverageSquares(t.GradientSpan, t.SecondSpan, s.Gain2, scratch);
        TensorPrimitives.MultiplyAddEstimate(t.FirstSpan, -s.StepSize, t.ParameterSpan, t.ParameterSpan);
    }

    public static void Lamb(in NativeTensor t, in KernelScalars s, Span<float> scratch)
    {
        AdamDirection(t, s, scratch);
        TensorPrimitives.Multiply(scratch, s.Scale / s.RootScale, scratch);
        TensorPrimitives.MultiplyAddEstimate(t.ParameterSpan, s.Decay, scratch, scratch);
        float ofParameters = TensorPrimitives.Norm<float>(t.ParameterSpan);
        float ofDirections = TensorPrimitives.Norm<float>(scratch);
        float ratio = ofParameters == 0 || ofDirections == 0 ? 1 : ofParameters / ofDirections;
        TensorPrimitives.MultiplyAddEstimate(scratch, -s.Rate * ratio, t.ParameterSpan, t.ParameterSpan);
    }

    // Compute m/(√v + ε/a), which equals a·m/(a√v + ε).
    private static void AdamDirection(in NativeTensor t, in KernelScalars s, Span<float> scratch)
    {
        TensorPrimitives.Lerp(t.FirstSpan, t.GradientSpan, s.Gain1, t.FirstSpan);
        AverageSquares(t.GradientSpan, t.SecondSpan, s.Gain2, scratch);
        DivideByRoot(t.FirstSpan, t.SecondSpan, s.Epsilon / s.RootScale, scratch);
    }

    private static void AverageSquares(Span<float> gradients, Span<float> average, float gain, Span<float> scratch)
    {
        TensorPrimitives.Multiply(gradients, gradients, scratch);
        TensorPrimitives.Lerp(average, scratch, gain, average);
    }

    private static void DivideByRoot(Span<float> dividend, Span<float> squares, float epsilon, Span<float> quotient)
    {
        TensorPrimitives.Sqrt(squares, quotient);
        TensorPrimitives.Add(quotient, epsilon, quotient);
        TensorPrimitives.Divide(dividend, quotient, quotient);
    }
}
