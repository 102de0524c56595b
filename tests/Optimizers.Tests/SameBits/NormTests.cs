using System.Runtime.InteropServices;

namespace Optimizers.Tests;

/// <summary>A norm has the same 64 bits for all threads, lanes and places of the buffers.</summary>
public sealed class NormTests
{
    private static readonly int[] _lengths = [1, 100_001, 0, 4_096, 30_000, 15];

    [Theory]
    [InlineData(NormKind.Euclidean)]
    [InlineData(NormKind.Infinity)]
    [InlineData(NormKind.P)]
    public void EveryNumberOfThreadsGivesTheSameNorm(NormKind kind)
    {
        var clip = new ClipByGlobalNorm { NormKind = kind, Order = 3 };
        long expected = BitConverter.DoubleToInt64Bits(Norm(clip, threads: 1, width: 1, offset: 0));
        for (int threads = 1; threads <= 4; threads++)
        {
            foreach (int width in new[] { 1, 4, 8, 16 })
            {
                BitConverter.DoubleToInt64Bits(Norm(clip, threads, width, offset: threads + width))
                    .Should().Be(expected, $"{threads} threads in lanes of {width}");
            }
        }
    }

    [Fact]
    public void ModelReportsTheNormThatClippingReturns()
    {
        using var set = new ParameterSet();
        set.AddRange([.. _lengths.Select((length, i) => ($"p{i}", new[] { length }))]);
        foreach (Parameter parameter in set)
        {
            Draw.Floats(parameter.Length, parameter.Length).CopyTo(parameter.Gradients);
        }

        var clip = new ClipByGlobalNorm { MaximumNorm = 0.5 };
        double reported = new ModelOptimizer(set, new SgdOptions(), new() { Clip = clip }).Step().GradientNorm;
        reported.Should().Be(Norm(clip, threads: 1, width: 1, offset: 0)).And.Be(clip.Apply(set));
    }

    private static unsafe double Norm(ClipByGlobalNorm clip, int threads, int width, int offset)
    {
        var batch = new TensorBatch();
        GroupStep group = GroupStep.Of(new SgdOptions());
        float[][] memory = [.. _lengths.Select(length => GC.AllocateArray<float>(length + offset + 1, pinned: true))];
        for (int i = 0; i < memory.Length; i++)
        {
            Draw.Floats(_lengths[i], _lengths[i]).CopyTo(memory[i].AsSpan(offset));
            var state = new OptimizerState(TensorShape.OfVector(_lengths[i]), group.Definition);
            batch.Add(group, state, parameters: null, (float*)Marshal.UnsafeAddrOfPinnedArrayElement(memory[i], offset));
        }

        double norm = new PassRunner(batch, threads, width).GradientNorm(new Engine.Norm(clip.NormKind, clip.Order));
        GC.KeepAlive(memory);
        return norm;
    }
}
