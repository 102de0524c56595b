namespace Optimizers.Tests;

/// <summary>Optimizers keep the library's promises in every state format.</summary>
public sealed class StateFormatTests
{
    // Enough for several threads even with the fewest streams, and no multiple of either block length.
    private const int Length = 50_007;
    private const int Steps = 3;

    [Theory]
    [MemberData(nameof(Catalogue.Formats), MemberType = typeof(Catalogue))]
    public void EveryWidthAndNumberOfThreadsGivesTheSameBits(string name, StateFormat format)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        float[] start = Draw.Floats(1, Length);
        float[][] gradients = Draw.Gradients(2, Steps, Length);
        Outcome expected = Outcome.Of(new Optimizer(variant.Shape(Length), variant.Options, 1, widestLane: 1, format), start, gradients);
        foreach ((int threads, int width) in new[] { (1, 16), (2, 16), (3, 8), (4, 4), (2, 1) })
        {
            Outcome.Of(new Optimizer(variant.Shape(Length), variant.Options, threads, width, format), start, gradients)
                .ShouldHaveTheBitsOf(expected, $"{threads} threads in lanes of {width}");
        }

        foreach ((int threads, int width) in new[] { (1, 1), (2, 8), (3, 16) })
        {
            var options = new ModelOptimizerOptions { Threads = threads, ZeroGradients = threads == 3 };
            Outcome.OfModel(variant.Options, start, gradients, options, width, format)
                .ShouldHaveTheBitsOf(expected, $"in a model, {threads} threads in lanes of {width}");
        }
    }

    [Theory]
    [MemberData(nameof(Catalogue.Formats), MemberType = typeof(Catalogue))]
    public void EveryLengthAndOffsetGivesTheSameBits(string name, StateFormat format)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        foreach (int length in (IEnumerable<int>)[.. Enumerable.Range(0, 36), 255, 256, 257, 4_095, 4_096, 4_097, 4_351, 5_121])
        {
            float[] start = Draw.Floats(1, length);
            float[][] gradients = Draw.Gradients(2, Steps, length);
            Outcome expected = Outcome.Of(new Optimizer(variant.Shape(length), variant.Options, 1, widestLane: 1, format), start, gradients);
            foreach (int width in new[] { 4, 8, 16 })
            {
                float[] memory = GC.AllocateArray<float>(length + width, pinned: true);
                Span<float> parameters = memory.AsSpan(width - 1, length);
                start.CopyTo(parameters);
                var optimizer = new Optimizer(variant.Shape(length), variant.Options, 1, width, format);
                foreach (float[] gradient in gradients)
                {
                    optimizer.Step(parameters, gradient);
                }

                new Outcome(parameters.ToArray(), optimizer.State.Save())
                    .ShouldHaveTheBitsOf(expected, $"{length} elements in lanes of {width}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Catalogue.Formats), MemberType = typeof(Catalogue))]
    public void ClippingInTheStepEqualsClippingBeforeIt(string name, StateFormat format)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        float[] start = Draw.Floats(1, 5_000);
        float[][] gradients = Draw.Gradients(2, Steps, start.Length);
        var clip = new ClipByGlobalNorm { MaximumNorm = 0.3 };
        float[][] clipped = [.. gradients.Select(g => (float[])g.Clone())];
        Array.ForEach(clipped, gradient => clip.Apply(gradient));
        Outcome expected = Outcome.Of(new Optimizer(variant.Shape(start.Length), variant.Options, 1, format), start, clipped);
        Outcome.OfModel(variant.Options, start, gradients, new() { Clip = clip, ZeroGradients = true }, format: format)
            .ShouldHaveTheBitsOf(expected, "clipped and zeroed");
    }

    [Theory]
    [MemberData(nameof(Catalogue.Formats), MemberType = typeof(Catalogue))]
    public void LoadingResettingAndCloningKeepEveryBit(string name, StateFormat format)
    {
        const int Some = 4_200;
        OptimizerVariant variant = Catalogue.Variant(name);
        float[] start = Draw.Floats(1, Some);
        float[][] gradients = Draw.Gradients(2, 8, Some);
        var optimizer = new Optimizer(variant.Shape(Some), variant.Options, 1, format);
        OptimizerSnapshot initial = optimizer.State.Save();
        Outcome first = Outcome.Of(optimizer, start, gradients[..3]);
        IOptimizer clone = optimizer.Clone();
        clone.State.Format.Should().Be(optimizer.State.Format);
        Outcome expected = Outcome.Of(optimizer, first.Parameters, gradients[3..]);
        Outcome.Of(clone, first.Parameters, gradients[3..]).ShouldHaveTheBitsOf(expected, "cloned");

        var another = new Optimizer(variant.Shape(Some), variant.Options, 1, format);
        another.State.Load(first.State);
        another.State.Save().ShouldHaveTheBitsOf(first.State, "saved again");
        Outcome.Of(another, first.Parameters, gradients[3..]).ShouldHaveTheBitsOf(expected, "continued");

        another.State.Reset();
        another.State.Save().ShouldHaveTheBitsOf(initial, "reset");
        Outcome.Of(another, start, gradients[..3]).ShouldHaveTheBitsOf(first, "again");
    }

    [Theory]
    [MemberData(nameof(Catalogue.Formats), MemberType = typeof(Catalogue))]
    public void StepAllocatesNothing(string name, StateFormat format)
    {
        OptimizerVariant variant = Catalogue.Variant(name);
        float[] parameters = Draw.Floats(1, Length);
        float[] gradients = Draw.Floats(2, Length);
        for (int threads = 1; threads <= 2; threads++)
        {
            var optimizer = new Optimizer(variant.Shape(Length), variant.Options, threads, format);
            Allocations.Of(() => optimizer.Step(parameters, gradients, 1e-3)).Should().Be(0, $"a step on {threads} threads must not allocate");
        }
    }

    public static TheoryData<string, StateFormat> FormatsOfSeparateElements() =>
        Catalogue.FormatsWhere(variant => !variant.SumsOverTensor);

    public static TheoryData<string, StateFormat> FormatsOfSeparateState() =>
        Catalogue.FormatsWhere(variant => variant.SumsOverTensor && !variant.SumsIntoState);

    public static TheoryData<string, StateFormat> FormatsOfSums() => Catalogue.FormatsWhere(variant => variant.SumsOverTensor);

    public static TheoryData<string, StateFormat> FormatsThatRestWithoutGradient() =>
        Catalogue.FormatsWhere(variant => !variant.MovesWithoutGradient);

    [Theory]
    [MemberData(nameof(FormatsOfSeparateElements))]
    public void NaNOrInfinityAffectsOnlyItsElement(string name, StateFormat format) =>
        StaysInItsElement(name, format, alsoOfTheParameters: true);

    [Theory]
    [MemberData(nameof(FormatsOfSeparateState))]
    public void NaNOrInfinityAffectsOnlyTheStateOfItsElement(string name, StateFormat format) =>
        StaysInItsElement(name, format, alsoOfTheParameters: false);

    [Theory]
    [MemberData(nameof(FormatsOfSums))]
    public void NaNSpreadsThroughSumsAsInFloat32(string name, StateFormat format)
    {
        const int Some = 4_400;
        OptimizerVariant variant = Catalogue.Variant(name);
        float[][] gradients = Draw.Gradients(2, 3, Some);
        gradients[1][300] = float.NaN;
        Outcome outcome = Outcome.Of(new Optimizer(variant.Shape(Some), variant.Options, 1, format), Draw.Floats(1, Some), gradients);
        outcome.Parameters.Count(p => !float.IsFinite(p))
            .Should().Be(SpecialValueTests.SpreadOf(variant).Gradient == Spread.All ? Some : 0);
    }

    private static void StaysInItsElement(string name, StateFormat format, bool alsoOfTheParameters)
    {
        const int Some = 4_400;
        OptimizerVariant variant = Catalogue.Variant(name);
        float[] start = Draw.Floats(1, Some);
        float[][] gradients = Draw.Gradients(2, 4, Some);

        // The gradient of this element is never the largest of its block, so the other elements determine the scale.
        int[] places = [0, 300, 511, 512, Some - 1];
        foreach (float[] gradient in gradients)
        {
            Array.ForEach(places, place => gradient[place] *= 1e-4f);
        }

        Outcome expected = Outcome.Of(new Optimizer(variant.Shape(Some), variant.Options, 1, format), start, gradients);
        foreach (float special in new[] { float.NaN, -float.NaN, BitConverter.Int32BitsToSingle(-1), float.PositiveInfinity, float.NegativeInfinity })
        {
            foreach (int place in places)
            {
                float[][] planted = [.. gradients.Select(g => (float[])g.Clone())];
                planted[1][place] = special;
                var optimizer = new Optimizer(variant.Shape(Some), variant.Options, 1, format);
                Outcome outcome = Outcome.Of(optimizer, start, planted);
                var floats = new Optimizer(variant.Shape(Some), variant.Options, 1);
                Outcome.Of(floats, start, planted);
                if (alsoOfTheParameters)
                {
                    Without(place, outcome.Parameters).ShouldHaveTheBitsOf(Without(place, expected.Parameters), $"{special} at {place}");
                }

                var values = new float[Some];
                var others = new Optimizer(variant.Shape(Some), variant.Options, 1, format);
                others.State.Load(expected.State);
                var othersValues = new float[Some];
                foreach (string slot in optimizer.State.SlotNames)
                {
                    optimizer.State.Read(slot, values);
                    others.State.Read(slot, othersValues);
                    Without(place, values).ShouldHaveTheBitsOf(Without(place, othersValues), $"{slot}, {special} at {place}");

                    // Blocks turn an infinity into a NaN. A division by the NaN does not give 0.
                    bool divided = format == StateFormat.Block8 && floats.State.SlotNames.Any(s => float.IsInfinity(floats.State[s][place]));
                    (float.IsFinite(values[place]) || divided).Should().Be(
                        float.IsFinite(floats.State[slot][place]) || divided, $"{slot} contains {special}, as in float32");
                }
            }
        }

        static float[] Without(int place, float[] values) => [.. values[..place], .. values[(place + 1)..]];
    }

    [Theory]
    [MemberData(nameof(FormatsThatRestWithoutGradient))]
    public void ZeroGradientsCauseOnlyDecay(string name, StateFormat format)
    {
        const int Some = 4_200;
        OptimizerVariant variant = Catalogue.Variant(name);
        foreach (IOptimizerOptions options in variant.WithoutEpsilon is { } without ? [variant.Options, without] : new[] { variant.Options })
        {
            float[] start = [0, .. Draw.Floats(1, Some - 1).Select(p => p + float.CopySign(1, p))];
            float[] after = Outcome.Of(
                new Optimizer(variant.Shape(Some), options, 1, format), start, Enumerable.Repeat(new float[Some], 3)).Parameters;
            after[0].Should().Be(0);
            if (options.WeightDecay == 0 || variant.RestsWithoutGradient)
            {
                after.ShouldHaveTheBitsOf(start, "parameters");
            }
            else
            {
                start.Zip(after).Skip(1).Should().OnlyContain(pair => pair.Second / pair.First > 0.5f && pair.Second / pair.First < 1);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Catalogue.Formats), MemberType = typeof(Catalogue))]
    public void RateOfZeroChangesNoBitOfTheParameters(string name, StateFormat format)
    {
        const int Some = 4_200;
        float[] start = [-0f, 0f, float.Epsilon, -1e-39f, 1e30f, .. Draw.Floats(3, Some - 5)];
        var optimizer = new Optimizer(Catalogue.Variant(name).Shape(Some), Catalogue.Variant(name).Options, 1, format);
        float[] parameters = [.. start];
        foreach (float[] gradients in Draw.Gradients(1, 5, Some))
        {
            gradients[7] = float.NaN;
            optimizer.Step(parameters, gradients, 0);
        }

        parameters.ShouldHaveTheBitsOf(start, "parameters");
    }

    [Theory]
    [MemberData(nameof(Catalogue.Formats), MemberType = typeof(Catalogue))]
    public void StateNeverContainsDenormals(string name, StateFormat format)
    {
        const int Some = 1_060;
        var optimizer = new Optimizer(Catalogue.Variant(name).Shape(Some), Catalogue.Variant(name).Options, 1, format);
        float[] parameters = Draw.Floats(1, Some);
        float[] gradients = [.. Draw.Floats(2, Some).Select((g, i) => (float)(g * Math.Pow(10, -21.0 * (i % 997) / 997)))];
        for (int step = 0; step < 1_200; step++)
        {
            optimizer.Step(parameters, gradients);
            Array.Clear(gradients);
            if (step % 40 == 0)
            {
                foreach (string slot in optimizer.State.SlotNames)
                {
                    float[] values = Values(optimizer.State, slot);
                    values.Should().NotContain(value => float.IsSubnormal(value), $"{slot} after step {step}");
                }
            }
        }
    }

    [Theory]
    [InlineData(StateFormat.BFloat16)]
    [InlineData(StateFormat.Half)]
    [InlineData(StateFormat.Block8)]
    public void OwnRuleHasEveryStateFormat(StateFormat format)
    {
        var options = new LevelThree.OwnOptions();
        float[] start = Draw.Floats(1, Length);
        float[][] gradients = Draw.Gradients(2, Steps, Length);
        Outcome expected = Outcome.Of(new Optimizer([Length], options, 1, widestLane: 1, format), start, gradients);
        Outcome.Of(new Optimizer([Length], options, 3, widestLane: 16, format), start, gradients)
            .ShouldHaveTheBitsOf(expected, "the user's rule");
        Outcome exact = Outcome.Of(new Optimizer(Length, options, 1), start, gradients);
        expected.Parameters.Should().NotEqual(exact.Parameters);
        expected.Parameters.Zip(exact.Parameters).Average(pair => Math.Abs(pair.First - pair.Second))
            .Should().BeLessThan((float)options.LearningRate, "three steps may have different directions");
    }

    private static float[] Values(OptimizerState state, string slot)
    {
        var values = new float[state.Slots.Single(candidate => candidate.Declared.Name == slot).Length];
        state.Read(slot, values);
        return values;
    }
}
