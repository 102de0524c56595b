namespace Optimizers.Tests;

/// <summary>Every clip has the same effect in the step of a model as in Apply.</summary>
public sealed class ModelClipTests
{
    public static TheoryData<string, double> Cases
    {
        get
        {
            var cases = new TheoryData<string, double>();
            foreach (string clip in _clips.Keys)
            {
                cases.Add(clip, 1);
                cases.Add(clip, 1024);
            }

            return cases;
        }
    }

    private static readonly Dictionary<string, IGradientClip> _clips = new()
    {
        ["global"] = new ClipByGlobalNorm { MaximumNorm = 0.5 },
        ["p-norm"] = new ClipByGlobalNorm { MaximumNorm = 0.5, NormKind = NormKind.P, Order = 3 },
        ["value"] = new ClipByValue { Limit = 0.3 },
        ["tensor"] = new ClipByNorm { MaximumNorm = 0.7 },
        ["unit"] = new AdaptiveClip { Clipping = 0.1 },
        ["row"] = new AdaptiveClip { Clipping = 0.1, Axis = 1 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void ModelClipsLikeApply(string name, double lossScale)
    {
        IGradientClip clip = _clips[name];
        bool scalesAll = name is "global" or "p-norm" or "tensor";
        Check(clip, lossScale, zero: false).ClipFactor.Should().Match(factor => scalesAll ? factor < 0.3 : factor == 1);
        Check(clip, lossScale, zero: true);
    }

    [Fact]
    public void MissingAxisThrowsBeforeAnythingChanges()
    {
        using ParameterSet set = Set(1);
        FluentActions.Invoking(() => new ModelOptimizer(set, new SgdOptions(), new() { Clip = new AdaptiveClip { Axis = 2 } }))
            .Should().Throw<ArgumentException>().WithMessage("*\"a\"*").WithParameterName("Clip");
    }

    [Fact]
    public void ClippingStepAllocatesNothing()
    {
        foreach (IGradientClip clip in _clips.Values)
        {
            using ParameterSet set = Set(1);
            var model = new ModelOptimizer(set, new AdamOptions(), new() { Clip = clip });
            Allocations.Of(() => model.Step()).Should().Be(0, clip.ToString());
        }
    }

    private static StepReport Check(IGradientClip clip, double lossScale, bool zero)
    {
        using ParameterSet clipped = Set(1);
        using ParameterSet inModel = Set(lossScale);
        clip.Apply(clipped);
        new ModelOptimizer(clipped, new AdamOptions()).Step();
        StepReport report = new ModelOptimizer(inModel, new AdamOptions(), new() { Clip = clip, ZeroGradients = zero }).Step(new LossScale(lossScale));
        report.GradientNorm.Should().BeGreaterThan(5);
        foreach (Parameter parameter in inModel)
        {
            parameter.Values.ToArray().ShouldHaveTheBitsOf(clipped[parameter.Name].Values.ToArray(), parameter.Name);
            (!zero || parameter.Gradients.ToArray().All(g => g == 0)).Should().BeTrue();
        }

        return report;
    }

    private static ParameterSet Set(double lossScale)
    {
        var set = new ParameterSet();
        set.AddRange(("a", [60, 70]), ("b", [33]), ("c", []), ("missing", [9]));
        foreach (Parameter parameter in set)
        {
            Draw.Floats(parameter.Length, parameter.Length).CopyTo(parameter.Values);
            Draw.Floats(parameter.Length + 1, parameter.Length).Select(g => g * (float)lossScale).ToArray().CopyTo(parameter.Gradients);
        }

        set["missing"].HasGradient = false;
        return set;
    }
}
