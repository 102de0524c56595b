namespace Optimizers.Tests;

/// <summary>The bits do not depend on the width of the lanes, or on the length and place of the buffer.</summary>
public sealed class WidthTests
{
    private const int Steps = 3;

    private static readonly int[] _widths = [1, 4, 8, 16];

    [Theory]
    [MemberData(nameof(Catalogue.Representatives), MemberType = typeof(Catalogue))]
    public void EveryWidthGivesTheSameBitsAtEveryLength(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        for (int length = 0; length <= 257; length++)
        {
            float[] start = Draw.Floats(1, length);
            float[][] gradients = Draw.Gradients(2, Steps, length);
            Outcome expected = Outcome.Of(Make(variant, length, widestLane: 1), start, gradients);
            foreach (int width in _widths[1..])
            {
                Outcome.Of(Make(variant, length, width), start, gradients)
                    .ShouldHaveTheBitsOf(expected, $"{length} elements in lanes of {width}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Catalogue.Representatives), MemberType = typeof(Catalogue))]
    public void UnalignedBuffersGiveTheSameBits(string name)
    {
        const int Length = 83;
        OptimizerVariant variant = Catalogue.Variant(name);
        float[] start = Draw.Floats(1, Length);
        float[][] gradients = Draw.Gradients(2, Steps, Length);
        Outcome expected = Outcome.Of(Make(variant, Length, widestLane: 1), start, gradients);
        foreach (int width in _widths)
        {
            for (int offset = 0; offset < 16; offset++)
            {
                Shifted(Make(variant, Length, width), start, gradients, offset, gradientOffset: (offset * 5) % 16)
                    .ShouldHaveTheBitsOf(expected, $"an offset of {offset} elements in lanes of {width}");
            }
        }
    }

    private static Outcome Shifted(
        IOptimizer optimizer, float[] start, float[][] gradients, int offset, int gradientOffset)
    {
        // Pinned memory is at least 8-byte aligned and does not move. The 16 offsets include every alignment of a lane.
        float[] memory = GC.AllocateArray<float>(start.Length + 16, pinned: true);
        float[] gradientMemory = GC.AllocateArray<float>(start.Length + 16, pinned: true);
        Span<float> parameters = memory.AsSpan(offset, start.Length);
        start.CopyTo(parameters);
        foreach (float[] gradient in gradients)
        {
            gradient.CopyTo(gradientMemory.AsSpan(gradientOffset));
            optimizer.Step(parameters, gradientMemory.AsSpan(gradientOffset, start.Length));
        }

        return new Outcome(parameters.ToArray(), optimizer.State.Save());
    }

    private static Optimizer Make(OptimizerVariant variant, int length, int widestLane) =>
        new(variant.Shape(length), variant.Options, threads: 1, widestLane);
}
