using System.Runtime.InteropServices;

namespace Optimizers.Benchmarks;

/// <summary>Parameters, gradients and two state slots, each on its own cache lines and filled with the same numbers each time.</summary>
internal sealed unsafe class Buffers : IDisposable
{
    private readonly void*[] _memory = new void*[4];

    public Buffers(int length)
    {
        Length = length;
        for (int i = 0; i < _memory.Length; i++)
        {
            _memory[i] = NativeMemory.AlignedAlloc((nuint)length * sizeof(float), 64);
            new Span<float>(_memory[i], length).Clear();
        }

        var random = new Random(1);
        for (int i = 0; i < length; i++)
        {
            Parameters[i] = random.NextSingle() - 0.5f;
            Gradients[i] = random.NextSingle() - 0.5f;
        }
    }

    public int Length { get; }

    public float* Parameters => (float*)_memory[0];

    public float* Gradients => (float*)_memory[1];

    public float* First => (float*)_memory[2];

    public float* Second => (float*)_memory[3];

    public Span<float> ParameterSpan => new(Parameters, Length);

    public Span<float> GradientSpan => new(Gradients, Length);

    public void Dispose()
    {
        foreach (void* memory in _memory)
        {
            NativeMemory.AlignedFree(memory);
        }
    }
}
