namespace Optimizers.Tests;

/// <summary>Views of the caller's memory in 16 bits.</summary>
public sealed unsafe class NumberMemoryTests
{
    private const int Length = 37;

    public static TheoryData<NumberFormat, UpdatePrecision, bool> Cases()
    {
        var cases = new TheoryData<NumberFormat, UpdatePrecision, bool>();
        foreach (NumberFormat format in new[] { NumberFormat.BFloat16, NumberFormat.Half })
        {
            foreach (UpdatePrecision precision in Enum.GetValues<UpdatePrecision>())
            {
                cases.Add(format, precision, true);
                cases.Add(format, precision, false);
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void ViewHasTheBitsOfAParameterInMemoryOfTheSet(NumberFormat format, UpdatePrecision precision, bool isAddress)
    {
        // Elements around the views show whether a step writes outside them.
        ushort[] values = GC.AllocateArray<ushort>(Length + 2, pinned: true);
        ushort[] gradients = GC.AllocateArray<ushort>(Length + 2, pinned: true);
        Array.Fill(values, (ushort)0x1234);
        Array.Fill(gradients, (ushort)0x4321);
        using var owned = new ParameterSet { Format = new() { Values = format, UpdatePrecision = precision, Gradients = format } };
        using var views = new ParameterSet();
        Parameter expected = owned.Add("p", Length);
        expected.CopyValuesFrom(Draw.Floats(1, Length));
        BitsOf(expected, format).CopyTo(values, 1);
        fixed (ushort* address = values, ofGradients = gradients)
        {
            Parameter view = views.AddView(
                "p",
                [Length],
                isAddress ? NumberMemory.At(address + 1, format) : NumberMemory.OfBits(values.AsMemory(1, Length), format),
                isAddress ? NumberMemory.At(ofGradients + 1, format) : NumberMemory.OfBits(gradients.AsMemory(1, Length), format),
                precision);
            var start = new float[Length];
            view.CopyValuesTo(start);
            expected.CopyValuesFrom(start);
            view.Format.Should().Be(expected.Format);
            ModelOptimizer optimizer = new(views, new AdamWOptions { LearningRate = 0.1 }, new() { ZeroGradients = true });
            ModelOptimizer other = new(owned, new AdamWOptions { LearningRate = 0.1 }, new() { ZeroGradients = true });
            for (int step = 0; step < 4; step++)
            {
                view.CopyGradientsFrom(Draw.Floats(step, Length));
                expected.CopyGradientsFrom(Draw.Floats(step, Length));
                optimizer.Step();
                other.Step();
                values.AsSpan(1, Length).SequenceEqual(BitsOf(expected, format)).Should().BeTrue($"step {step}");
            }
        }

        (values[0], values[^1], gradients[0], gradients[^1]).Should().Be(((ushort)0x1234, (ushort)0x1234, (ushort)0x4321, (ushort)0x4321));
        gradients.AsSpan(1, Length).ToArray().Should().OnlyContain(bits => bits == 0);
    }

    [Fact]
    public void MasterCopyBeginsWithTheValuesOfTheView()
    {
        Half[] values = [(Half)1, (Half)(-2)];
        using var set = new ParameterSet();
        Parameter parameter = set.AddView("p", [2], NumberMemory.Of(values));
        parameter.Values.ToArray().Should().Equal(1, -2);
        parameter.HasGradientBuffer.Should().BeFalse();
        values[0] = (Half)3;
        parameter.TakeRoundedValues();
        parameter.Values.ToArray().Should().Equal(3, -2);
        parameter.Values[1] = 4;
        parameter.RoundValues();
        values[1].Should().Be((Half)4);
    }

    [Fact]
    public void ViewsCanBePointedElsewhere()
    {
        BFloat16[] first = [BFloat16.Round(1), BFloat16.Round(2)];
        BFloat16[] second = [BFloat16.Round(5), BFloat16.Round(6)];
        using var set = new ParameterSet();
        Parameter parameter = set.AddView("p", [2], NumberMemory.Of(first));
        var optimizer = new ModelOptimizer(set, new SgdOptions { LearningRate = 1 });
        parameter.PointGradientsAt(NumberMemory.Of(new[] { BFloat16.Round(1), BFloat16.Round(1) }));
        optimizer.Step();
        parameter.PointValuesAt(NumberMemory.Of(second));
        parameter.Values.ToArray().Should().Equal(5, 6);
        parameter.PointGradientsAt(NumberMemory.Of(new float[] { 2, 3 }));
        optimizer.Step();
        first.Select(value => value.ToSingle()).Should().Equal(0, 1);
        second.Select(value => value.ToSingle()).Should().Equal(3, 3);
        parameter.Format.Gradients.Should().Be(NumberFormat.Float32);
        Allocations.Of(() => parameter.PointValuesAt(NumberMemory.Of(second))).Should().Be(0);
    }

    [Fact]
    public void BadMemoryIsRefusedAndNothingChanges()
    {
        using var set = new ParameterSet();
        var values = new BFloat16[4];
        Parameter parameter = set.AddView("p", [4], NumberMemory.Of(values));
        (Action Call, string Message)[] refused =
        [
            (() => set.AddView("q", [3], NumberMemory.Of(new Half[4])), "*\"q\" has 3 elements, but 4*"),
            (() => set.AddView("q", [2], NumberMemory.Of(values.AsMemory(2))), "*\"q\" overlap a buffer of \"p\"*"),
            (() => set.AddView("q", [4], NumberMemory.Of(new float[4]), NumberMemory.Of(values)), "*gradients of \"q\" overlap the values of \"p\"*"),
            (() => set.AddView("q", [4], NumberMemory.Of(new Half[4]), updatePrecision: (UpdatePrecision)7), "*updatePrecision*"),
            (() => parameter.PointValuesAt(new float[4]), "*\"p\"*BFloat16*Float32*"),
            (() => parameter.PointGradientsAt(NumberMemory.Of(values)), "*overlap the values of \"p\"*"),
            (() => parameter.PointGradientsAt(NumberMemory.Of(new Half[3])), "*\"p\" has 4 elements, but 3*"),
            (() => parameter.CopyValuesFrom(new float[3]), "*\"p\" has 4 elements, but 3*"),
            (() => parameter.CopyValuesTo(new float[5]), "*\"p\" has 4 elements, but 5*"),
        ];
        foreach ((Action call, string message) in refused)
        {
            call.Should().Throw<ArgumentException>().WithMessage(message);
            set.Count.Should().Be(1);
            parameter.HasGradientBuffer.Should().BeFalse();
        }
    }

    private static ushort[] BitsOf(Parameter parameter, NumberFormat format) => format == NumberFormat.BFloat16
        ? [.. parameter.BFloat16Values.ToArray().Select(value => value.Bits)]
        : [.. parameter.HalfValues.ToArray().Select(BitConverter.HalfToUInt16Bits)];
}
