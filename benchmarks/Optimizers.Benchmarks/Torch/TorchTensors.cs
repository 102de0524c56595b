using System.Runtime.InteropServices;
using global::TorchSharp;
using Tensor = global::TorchSharp.torch.Tensor;

namespace Optimizers.Benchmarks;

/// <summary>Parameters, gradients and state as lists of tensors of libtorch. The kernels of all optimizers share them.</summary>
internal sealed class TorchTensors : IDisposable
{
    public TorchTensors(Shape shape)
    {
        Tensor[] Zeros(Func<int, long[]> lengthsOf) => [.. shape.Lengths.Select(length => torch.zeros(lengthsOf(length)))];
        Parameters = Zeros(length => [length]);
        Gradients = Zeros(length => [length]);
        First = Zeros(length => [length]);
        Second = Zeros(length => [length]);
        Steps = Zeros(_ => []);
        foreach (Tensor parameter in Parameters)
        {
            Shape.FillValues(SpanOf(parameter));
        }

        FillGradients();
    }

    public Tensor[] Parameters { get; }

    public Tensor[] Gradients { get; }

    /// <summary>The first state tensors: exp_avg, momentum_buffer or sum.</summary>
    public Tensor[] First { get; }

    /// <summary>The second state tensors: exp_avg_sq.</summary>
    public Tensor[] Second { get; }

    /// <summary>The numbers of updates, one for each tensor, as PyTorch keeps them.</summary>
    public Tensor[] Steps { get; }

    public static Span<float> SpanOf(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes);

    public void FillGradients()
    {
        foreach (Tensor gradient in Gradients)
        {
            Shape.FillGradients(SpanOf(gradient));
        }
    }

    public void Dispose()
    {
        foreach (Tensor tensor in (Tensor[])[.. Parameters, .. Gradients, .. First, .. Second, .. Steps])
        {
            tensor.Dispose();
        }
    }
}
