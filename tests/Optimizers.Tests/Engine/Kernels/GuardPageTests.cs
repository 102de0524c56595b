namespace Optimizers.Tests;

/// <summary>No code reads or writes before or after a buffer.</summary>
public sealed unsafe class GuardPageTests : IDisposable
{
    private const int Longest = 4_099;

    private readonly GuardedBuffer _parameters = new(Longest);
    private readonly GuardedBuffer _gradients = new(Longest);
    private readonly GuardedBuffer[] _slots = [.. Enumerable.Range(0, 4).Select(_ => new GuardedBuffer(Longest))];

    public void Dispose()
    {
        _parameters.Dispose();
        _gradients.Dispose();
        Array.ForEach(_slots, slot => slot.Dispose());
    }

    [LinuxTheory]
    [MemberData(nameof(Catalogue.Representatives), MemberType = typeof(Catalogue))]
    public void StepStaysInsideItsBuffers(string name)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        foreach (int length in (IEnumerable<int>)[.. Enumerable.Range(0, 68), 4_095, Longest])
        {
            float[] start = Draw.Floats(1, length);
            float[] gradients = Draw.Floats(2, length);
            Outcome expected = Outcome.Of(new Optimizer(variant.Shape(length), variant.Options, threads: 1, widestLane: 1), start, [gradients]);
            foreach (int width in new[] { 1, 4, 8, 16 })
            {
                StepBetweenGuards(variant.Options, start, gradients, width, atEnd: true, zero: false)
                    .ShouldHaveTheBitsOf(expected.Parameters, $"{length} elements before a guard page");
                StepBetweenGuards(variant.Options, start, gradients, width, atEnd: false, zero: true)
                    .ShouldHaveTheBitsOf(expected.Parameters, $"{length} elements after a guard page");
            }
        }
    }

    [LinuxTheory]
    [InlineData(NormKind.Euclidean)]
    [InlineData(NormKind.Infinity)]
    public void ClippingStaysInsideItsBuffer(NormKind kind)
    {
        var clip = new ClipByGlobalNorm { NormKind = kind, MaximumNorm = 0.1 };
        foreach (int length in (IEnumerable<int>)[.. Enumerable.Range(0, 68), 4_095, Longest])
        {
            float[] gradients = Draw.Floats(3, length);
            foreach (bool atEnd in new[] { true, false })
            {
                var guarded = new Span<float>(_gradients.Place(length, atEnd), length);
                gradients.CopyTo(guarded);
                clip.Apply(guarded).Should().Be(clip.Apply([.. gradients]));
            }
        }
    }

    private float[] StepBetweenGuards(
        IOptimizerOptions options, float[] start, float[] gradients, int width, bool atEnd, bool zero)
    {
        float* parameterAddress = Place(_parameters, start, atEnd);
        float* gradientAddress = Place(_gradients, gradients, atEnd);
        GroupStep group = GroupStep.Of(options);
        var state = new OptimizerState(TensorShape.Of(Catalogue.ShapeFor(options, start.Length)), group.Definition);
        var batch = new TensorBatch();
        group.Begin(options.LearningRate, options.WeightDecay, zero);
        batch.Add(group, state, parameterAddress, gradientAddress);
        batch[0].Rule = group.AddRule(state, state.Scalars);
        for (int i = 0; i < state.SlotNames.Count; i++)
        {
            batch[0].Addresses.Slots[i].Elements = Place(_slots[i], state[state.SlotNames[i]], atEnd);
        }

        batch[0].Quantized = group.Definition.Matrices?.View(state.Shape, state.Slots, batch[0].Addresses.Slots) ?? batch[0].Quantized;
        new PassRunner(batch, threads: 1, width).Apply();
        return new Span<float>(parameterAddress, start.Length).ToArray();
    }

    private static float* Place(GuardedBuffer buffer, ReadOnlySpan<float> values, bool atEnd)
    {
        float* address = buffer.Place(values.Length, atEnd);
        values.CopyTo(new Span<float>(address, values.Length));
        return address;
    }
}

/// <summary>A theory about memory protection, which depends on the operating system.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LinuxTheoryAttribute : TheoryAttribute
{
    public LinuxTheoryAttribute() => Skip = OperatingSystem.IsLinux() ? null! : "Guard pages are made with Linux's mmap.";
}
