using System.Buffers;
using System.Runtime.InteropServices;

namespace Optimizers.Tests;

/// <summary>A model with more elements than an int can count, and a tensor of the maximum span length.</summary>
public sealed unsafe class LargeModelTests
{
    [LargeFact(12, OnlyInFull = true)]
    public void ModelWithMoreThanTwoBillionParametersIsFullyUpdated()
    {
        const int Tensors = 22;
        const int Length = 100_000_000;
        using var memory = new NativeFloats((nuint)Tensors * Length);
        float[] gradient = new float[Length];
        gradient.AsSpan().Fill(2);
        using var set = new ParameterSet();
        for (int i = 0; i < Tensors; i++)
        {
            set.AddView($"p{i}", [Length], memory.Slice((nuint)i * Length, Length), gradient);
        }

        set.ElementCount.Should().Be(2_200_000_000);
        var model = new ModelOptimizer(set, new SgdOptions { LearningRate = 0.5 }, new() { Clip = new ClipByGlobalNorm { MaximumNorm = 1e9 } });
        StepReport report = model.Step();
        report.Updated.Should().Be(Tensors);
        report.GradientNorm.Should().BeApproximately(2 * Math.Sqrt(2.2e9), 1e-9);
        foreach (Parameter parameter in set)
        {
            parameter.Values.IndexOfAnyExcept(-1f).Should().Be(-1, "every element of {0} has moved", parameter.Name);
        }
    }

    [LargeFact(12)]
    public void TensorMayHaveTheMaximumSpanLength()
    {
        using var values = new NativeFloats(int.MaxValue);
        using var gradients = new NativeFloats(int.MaxValue);
        Span<float> parameters = values.Slice(0, int.MaxValue).Span;
        parameters.Fill(1);
        var optimizer = new Sgd(int.MaxValue, new SgdOptions { LearningRate = 0.5, WeightDecay = 1 });

        // Pages of zeros take no memory until they are written.
        optimizer.Step(parameters, gradients.Slice(0, int.MaxValue).Span);
        parameters.IndexOfAnyExcept(0.5f).Should().Be(-1);
    }

    private sealed class NativeFloats(nuint length) : IDisposable
    {
        private float* _address = (float*)NativeMemory.AllocZeroed(length, sizeof(float));

        public Memory<float> Slice(nuint start, int count) => new View(_address + start, count).Memory;

        public void Dispose()
        {
            NativeMemory.Free(_address);
            _address = null;
        }

        private sealed class View(float* address, int length) : MemoryManager<float>
        {
            public override Span<float> GetSpan() => new(address, length);

            public override MemoryHandle Pin(int elementIndex = 0) => new(address + elementIndex);

            public override void Unpin()
            {
            }

            protected override void Dispose(bool disposing)
            {
            }
        }
    }
}

/// <summary>A fact that needs gibibytes of memory; it is skipped if the machine has too little.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LargeFactAttribute(int gibibytes) : FactAttribute
{
    public int Gibibytes => gibibytes;

    /// <summary>Whether the test takes so long that only the full run (OPTIMIZERS_FULL=1) includes it.</summary>
    public bool OnlyInFull { get; init; }

    public override string Skip
    {
        get => OnlyInFull && !Catalogue.IsFull ? "This takes long. Set OPTIMIZERS_FULL=1."
            : Available() >> 30 is var available && available < gibibytes ? $"This takes {gibibytes} GiB of memory, and {available} GiB are available."
            : null!;
        set => throw new NotSupportedException();
    }

    private static long Available()
    {
        const string Meminfo = "/proc/meminfo";
        string? line = File.Exists(Meminfo)
            ? File.ReadLines(Meminfo).FirstOrDefault(l => l.StartsWith("MemAvailable:", StringComparison.Ordinal))
            : null;
        return line is null
            ? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes
            : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture) * 1024;
    }
}
