using System.Runtime.InteropServices;

namespace Optimizers.Benchmarks;

/// <summary>The addresses of one tensor, for the C kernels and the hand-written loops.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeTensor
{
    public float* Parameters;
    public float* Gradients;
    public float* First;
    public float* Second;
    public nuint Length;

    /// <summary>Two sums for each block of 4,096 elements.</summary>
    public double* Sums;

    public double Step;

    public readonly Span<float> ParameterSpan => new(Parameters, (int)Length);

    public readonly Span<float> GradientSpan => new(Gradients, (int)Length);

    public readonly Span<float> FirstSpan => new(First, (int)Length);

    public readonly Span<float> SecondSpan => new(Second, (int)Length);
}
