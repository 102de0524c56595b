namespace Optimizers.Tests;

/// <summary>Clipping by element, by tensor and by unit.</summary>
public sealed class GradientClipTests
{
    // The number of units of a shape along an axis, for n elements. A vector is one unit.
    public static TheoryData<int[], int> Units() => new()
    {
        { [], 0 }, { [1], 0 }, { [37], 3 }, { [0], 0 },
        { [5, 7], 0 }, { [5, 7], 1 }, { [1, 9], 0 }, { [9, 1], 1 }, { [0, 4], 0 }, { [4, 0], 1 },
        { [3, 5, 2], 0 }, { [3, 5, 2], 1 }, { [3, 5, 2], 2 }, { [2, 3, 4, 5], 2 },
        { [3, 1_500], 0 }, { [1_500, 3], 0 }, { [2, 9_000], 1 }, { [2, 3, 513], 1 },
    };

    [Fact]
    public void EveryElementIsLimited()
    {
        float[] gradients = [0.5f, -0f, -3, float.PositiveInfinity, float.NegativeInfinity, float.NaN, 1.5f, -1.5f, float.Epsilon];
        new ClipByValue { Limit = 1.5 }.Apply(gradients);
        gradients.ShouldHaveTheBitsOf((float[])[0.5f, -0f, -1.5f, 1.5f, -1.5f, float.NaN, 1.5f, -1.5f, float.Epsilon], "limited");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(67)]
    [InlineData(1_000)]
    public void EveryLengthIsLimitedAlike(int length)
    {
        float[] gradients = Draw.Floats(length, length, 3);
        float[] expected = [.. gradients.Select(g => Math.Clamp(g, -0.7f, 0.7f))];
        new ClipByValue { Limit = 0.7f }.Apply(gradients);
        gradients.ShouldHaveTheBitsOf(expected, "limited");
    }

    [Fact]
    public void EachTensorIsScaledByItsOwnNorm()
    {
        using var set = new ParameterSet();
        set.AddRange(("large", [2]), ("small", [2]), ("missing", [1]), ("empty", [0]));
        ((float[])[30, -40]).CopyTo(set["large"].Gradients);
        ((float[])[0.3f, 0.4f]).CopyTo(set["small"].Gradients);
        set["missing"].Gradients[0] = 1e9f;
        set["missing"].HasGradient = false;
        var clip = new ClipByNorm { MaximumNorm = 2 };
        clip.Apply(set).Should().BeApproximately(Math.Sqrt(2500.25), 1e-6, "Apply returns the norm of both tensors");
        float factor = (float)(2 / (50 + 1e-6));
        set["large"].Gradients.ToArray().Should().Equal(30 * factor, -40 * factor);
        set["small"].Gradients.ToArray().Should().Equal(0.3f, 0.4f);
        set["missing"].Gradients[0].Should().Be(1e9f);
    }

    [Fact]
    public void TensorIsScaledLikeClipByGlobalNormOfThatTensor()
    {
        foreach (int length in new[] { 0, 1, 17, 5_000 })
        {
            float[] one = Draw.Floats(length, length, 10);
            float[] other = [.. one];
            new ClipByNorm { MaximumNorm = 0.3 }.Apply(one).Should().Be(new ClipByGlobalNorm { MaximumNorm = 0.3 }.Apply(other));
            one.ShouldHaveTheBitsOf(other, $"{length} elements");
        }
    }

    [Fact]
    public void NonFiniteGradientAffectsOnlyItsTensor()
    {
        using var set = new ParameterSet();
        set.AddRange(("bad", [2]), ("good", [2]));
        set["bad"].Gradients[0] = float.NaN;
        set["good"].Gradients.Fill(0.25f);
        new ClipByNorm().Apply(set).Should().Be(double.NaN);
        set["bad"].Gradients.ToArray().Should().OnlyContain(g => float.IsNaN(g));
        set["good"].Gradients.ToArray().Should().Equal(0.25f, 0.25f);
        float[] large = [1e30f, 1e30f];
        new ClipByNorm().Apply(large).Should().BeApproximately(Math.Sqrt(2) * 1e30, 1e24);
        large[0].Should().BeApproximately(MathF.Sqrt(0.5f), 1e-6f);
    }

    [Theory]
    [MemberData(nameof(Units))]
    public void EachUnitIsScaledToItsPartOfTheWeightNorm(int[] shape, int axis)
    {
        int length = shape.Aggregate(1, (product, dimension) => product * dimension);
        float[] values = Draw.Floats(1, length);
        float[] gradients = Draw.Floats(2, length, 0.05f);
        double[] expected = Oracle(gradients, values, shape, axis, clipping: 0.05, epsilon: 0.1);
        var clip = new AdaptiveClip { Clipping = 0.05, Epsilon = 0.1, Axis = axis };
        float[] clipped = [.. gradients];
        clip.Apply(clipped, values, shape);
        for (int i = 0; i < length; i++)
        {
            ((double)clipped[i]).Should().BeApproximately(expected[i], 2e-7 * Math.Abs(expected[i]), "element {0}", i);
        }

        using var set = new ParameterSet();
        values.CopyTo(set.Add("p", shape).Values);
        gradients.CopyTo(set["p"].Gradients);
        clip.Apply(set);
        set["p"].Gradients.ToArray().ShouldHaveTheBitsOf(clipped, "in a set");
    }

    [Fact]
    public void ZeroWeightsCanGrowAndUnitsBelowTheBoundKeepEveryBit()
    {
        var clip = new AdaptiveClip { Clipping = 0.1, Epsilon = 0.01, Axis = 1 };
        float[] gradients = [3, -4, 0.1f, 0.2f, 0, 0];
        clip.Apply(gradients, [0, 0, 30, 40, 0, 0], 3, 2);
        float factor = (float)(0.001 / 5);
        gradients.Should().Equal(3 * factor, -4 * factor, 0.1f, 0.2f, 0, 0);
    }

    [Fact]
    public void NaNAffectsOnlyItsUnit()
    {
        float[] gradients = [float.NaN, 1, 2, float.PositiveInfinity, 1, 2];
        new AdaptiveClip { Clipping = 100 }.Apply(gradients, [1, 1, 1, 1, 1, 1], 2, 3);
        gradients.Should().Equal(float.NaN, 1, 2, float.NaN, 1, 2);
        gradients = [float.PositiveInfinity, 1];
        new AdaptiveClip().Apply(gradients, [1, 1], 2);
        gradients.Should().Equal(float.NaN, 0);
    }

    [Fact]
    public void ClippingAllocatesNothing()
    {
        using var set = new ParameterSet();
        Parameter parameter = set.Add("p", 600, 700);
        parameter.Gradients.Fill(1);
        var adaptive = new AdaptiveClip();
        var byNorm = new ClipByNorm();
        var byValue = new ClipByValue();
        Allocations.Of(() =>
        {
            adaptive.Apply(parameter.Gradients, parameter.Values, 600, 700);
            byNorm.Apply(parameter.Gradients);
            byValue.Apply(parameter.Gradients);
        }).Should().Be(0);
    }

    [Fact]
    public void InvalidArgumentThrows()
    {
        foreach (double value in BadNumbers.NotFiniteOrNegative)
        {
            Refuses("Limit", () => _ = new ClipByValue { Limit = value });
            Refuses("MaximumNorm", () => _ = new ClipByNorm { MaximumNorm = value });
            Refuses("Clipping", () => _ = new AdaptiveClip { Clipping = value });
            Refuses("Epsilon", () => _ = new AdaptiveClip { Epsilon = value });
        }

        Refuses("Axis", () => _ = new AdaptiveClip { Axis = -1 });
        float[] memory = new float[12];
        foreach ((Action<AdaptiveClip> refused, string argument) in new (Action<AdaptiveClip>, string)[]
        {
            (c => c.Apply(new float[4], new float[3], 4), "values"),
            (c => c.Apply(new float[4], new float[4], 2, 3), "shape"),
            (c => c.Apply(new float[4], new float[4], -2, -2), "shape"),
            (c => c.Apply(new float[4], new float[4], 65_536, 65_536, 65_536), "shape"),
            (c => c.Apply(memory.AsSpan(0, 4), memory.AsSpan(3, 4), 4), "gradients"),
            (c => (c with { Axis = 2 }).Apply(new float[4], new float[4], 2, 2), "shape"),
            (c => c.Apply((ParameterSet)null!), "parameters"),
            (c => c.Apply((Parameter)null!), "parameter"),
        })
        {
            new AdaptiveClip().Invoking(refused).Should().Throw<ArgumentException>().WithParameterName(argument);
        }

        FluentActions.Invoking(() => new ClipByValue().Apply((ParameterSet)null!)).Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => new ClipByNorm().Apply((ParameterSet)null!)).Should().Throw<ArgumentNullException>();
    }

    [Fact]
    public void NothingIsWrittenIfOneParameterCannotBeClipped()
    {
        using var set = new ParameterSet();
        set.AddRange(("a", [2, 2, 2]), ("b", [2, 2]));
        set["a"].Gradients.Fill(5);
        new AdaptiveClip { Axis = 2 }.Invoking(c => c.Apply(set))
            .Should().Throw<ArgumentException>().WithMessage("*Axis = 2*[0, 2)*\"b\"*");
        set["a"].Gradients.ToArray().Should().OnlyContain(g => g == 5);

        float[] shared = [3, 4, 5];
        using var overlapping = new ParameterSet();
        overlapping.AddView("a", [2], new float[2], shared.AsMemory(0, 2));
        overlapping.AddView("b", [2], new float[2], shared.AsMemory(1, 2));
        new ClipByNorm().Invoking(c => c.Apply(overlapping)).Should().Throw<ArgumentException>().WithMessage("*clipped*");
        new AdaptiveClip().Invoking(c => c.Apply(overlapping)).Should().Throw<ArgumentException>().WithMessage("*clipped*");
        shared.Should().Equal(3, 4, 5);
    }

    private static double[] Oracle(
        float[] gradients, float[] values, int[] shape, int axis, double clipping, double epsilon)
    {
        int inner = shape.Length < 2 ? 1 : shape[(axis + 1)..].Aggregate(1, (product, dimension) => product * dimension);
        int along = shape.Length < 2 ? gradients.Length : shape[axis];
        int UnitOf(int i) => along == 0 ? 0 : (i / (along * inner) * inner) + (i % inner);
        double[] Norms(float[] elements)
        {
            var sums = new double[gradients.Length + 1];
            for (int i = 0; i < elements.Length; i++)
            {
                sums[UnitOf(i)] += (double)elements[i] * elements[i];
            }

            return Array.ConvertAll(sums, Math.Sqrt);
        }

        double[] weights = Norms(values);
        double[] norms = Norms(gradients);
        return [.. gradients.Select((g, i) =>
        {
            double maximum = clipping * Math.Max(weights[UnitOf(i)], epsilon);
            double norm = norms[UnitOf(i)];
            return norm < maximum ? g : g * maximum / Math.Max(norm, 1e-6);
        })];
    }

    private static void Refuses(string option, Action make) =>
        make.Should().Throw<ArgumentOutOfRangeException>().WithParameterName(option);
}
