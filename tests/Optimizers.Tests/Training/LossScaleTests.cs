using System.Reflection;

namespace Optimizers.Tests;

/// <summary>The pass of a step unscales the gradients of a scaled loss, before clipping and before the rule.</summary>
public sealed class LossScaleTests
{
    [Theory]
    [InlineData(65_536)]
    [InlineData(0.25)]
    public void ScaleThatIsAPowerOfTwoChangesNoBit(double lossScale)
    {
        foreach (ClipByGlobalNorm? clip in new[] { null, new ClipByGlobalNorm { MaximumNorm = 0.5 } })
        {
            Run(lossScale, clip).Should().Equal(Run(1, clip));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(1e300)]
    [InlineData(1e-300)]
    public void ScaleWithoutUsableInverseThrows(double lossScale)
    {
        FluentActions.Invoking(() => new LossScale(lossScale)).Should().Throw<ArgumentOutOfRangeException>()
            .WithMessage($"A loss scale of {lossScale} cannot be used*")
            .Where(e => e.ParamName == "factor" && e.ActualValue!.Equals(lossScale));
    }

    [Fact]
    public void DefaultScaleIsOne()
    {
        default(LossScale).Factor.Should().Be(1);
        default(LossScale).Should().Be(new LossScale(1));
        default(LossScale).Should().NotBe(new LossScale(2));
        $"{new LossScale(2)}, {default(LossScale)}".Should().Be("LossScale { Factor = 2, MicroBatches = 1 }, LossScale { Factor = 1, MicroBatches = 1 }");
    }

    /// <summary>
    /// A learning rate passed by mistake as a loss scale would multiply the gradients by its inverse. Therefore no step method of
    /// a model takes a plain number.
    /// </summary>
    [Fact]
    public void NoModelMethodTakesANumberAsLossScale()
    {
        ParameterInfo[] parameters = [.. typeof(IModelOptimizer).Assembly.GetExportedTypes()
            .SelectMany(type => type.GetMembers().OfType<MethodBase>())
            .SelectMany(method => method.GetParameters())];
        parameters.Where(parameter => IsNumber(parameter) && IsOneOfAModel(parameter.Member.DeclaringType!)).Should().BeEmpty();
        parameters.Where(parameter => IsNumber(parameter) && parameter.Name!.EndsWith("Scale", StringComparison.Ordinal))
            .Should().BeEmpty();
        parameters.Where(parameter => parameter.ParameterType == typeof(LossScale)).Should().HaveCountGreaterThan(5);
        typeof(LossScale).GetMethods().Should().NotContain(method => method.Name.StartsWith("op_Implicit", StringComparison.Ordinal));

        static bool IsNumber(ParameterInfo parameter) =>
            (Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType) is { } type
            && (type == typeof(double) || type == typeof(float) || type == typeof(decimal));

        static bool IsOneOfAModel(Type type) => typeof(IModelOptimizer).IsAssignableFrom(type);
    }

    [Theory]
    [InlineData("new ModelOptimizer(set, new SgdOptions()).Step(0.01);")]
    [InlineData("new ModelOptimizer(set, new SgdOptions()).Step(1024);")]
    [InlineData("((IModelOptimizer)new ModelOptimizer(set, new SgdOptions())).Step(0.01);")]
    [InlineData("new GradientAccumulator(new ModelOptimizer(set, new SgdOptions()), new()).Step(0.01);")]
    [InlineData("new Lookahead(new ModelOptimizer(set, new SgdOptions())).Step(0.01f);")]
    [InlineData("new Sam(new ModelOptimizer(set, new SgdOptions())).Ascend(0.01);")]
    [InlineData("new Sam(new ModelOptimizer(set, new SgdOptions())).Step(() => { }, 0.01);")]
    public void StepOfAModelWithARateDoesNotCompile(string call)
    {
        var page = new MarkdownPage("page.md", ["```csharp", "using Optimizers;", "using Optimizers.Training;", "var set = new ParameterSet();", call, "```"]);
        Action run = () => PageProgram.Run(page.Blocks().Single());
        run.Should().Throw<Xunit.Sdk.XunitException>().WithMessage("*error CS1503*'Optimizers.Training.LossScale'*");
    }

    private static float[] Run(double lossScale, ClipByGlobalNorm? clip)
    {
        using var set = new ParameterSet();
        Parameter parameter = set.Add("p", 300);
        Draw.Floats(1, 300).CopyTo(parameter.Values);
        var model = new ModelOptimizer(set, new AdamOptions(), new() { Clip = clip });
        for (int step = 0; step < 3; step++)
        {
            Draw.Floats(2 + step, 300).Select(g => g * (float)lossScale).ToArray().CopyTo(parameter.Gradients);
            double norm = model.Step(new LossScale(lossScale)).GradientNorm;
            norm.Should().BeInRange(5, 15, "the report has the norm of the unscaled gradients");
        }

        return parameter.Values.ToArray();
    }
}
