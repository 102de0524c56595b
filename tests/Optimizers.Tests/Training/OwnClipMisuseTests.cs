namespace Optimizers.Tests;

/// <summary>An invalid clip makes the step throw before anything has changed. The message names the clip.</summary>
public sealed class OwnClipMisuseTests
{
    private static readonly Dictionary<string, (FunctionClip Clip, string Message)> _cases = new()
    {
        ["factor NaN"] = (new() { OfAll = _ => double.NaN }, "*FunctionClip*NaN*FactorOfAll*update 0*"),
        ["factor negative"] = (new() { OfAll = _ => -0.5 }, "*FunctionClip*-0.5*FactorOfAll*"),
        ["factor infinite"] = (new() { OfAll = _ => double.PositiveInfinity }, "*FunctionClip*FactorOfAll*"),
        ["factor infinite as a float"] = (new() { OfAll = _ => 1e39 }, "*FunctionClip*1E+39*FactorOfAll*"),
        ["factor of a tensor NaN"] = (new() { Of = (_, tensor) => tensor.Parameter.Name == "b" ? double.NaN : 1 }, "*FunctionClip*NaN*FactorOf*\"b\"*"),
        ["factor of a tensor negative"] = (new() { Of = (_, tensor) => tensor.Parameter.Name == "b" ? -1 : 1 }, "*FunctionClip*-1*FactorOf*\"b\"*"),
        ["product infinite"] = (new() { OfAll = _ => 1e20, Of = (_, _) => 1e20 }, "*FunctionClip*Infinity*\"a\"*"),
        ["limit NaN"] = (new() { Limit = _ => double.NaN }, "*FunctionClip*NaN*limit*|*limit*NaN*"),
        ["limit 0"] = (new() { Limit = _ => 0 }, "*FunctionClip*limit of 0*every gradient 0*"),
        ["limit 0 as a float"] = (new() { Limit = _ => 1e-60 }, "*limit of 1E-60*"),
        ["limit negative"] = (new() { Limit = _ => -1 }, "*limit of -1*"),
        ["factor throws"] = (new() { OfAll = _ => throw new FormatException("my fault") }, "*FunctionClip*FactorOfAll*update 0*my fault*"),
        ["factor of a tensor throws"] = (new() { Of = (_, tensor) => tensor.Parameter.Name == "b" ? throw new FormatException("my fault") : 1 }, "*FactorOf*\"b\"*my fault*"),
        ["limit throws"] = (new() { Limit = _ => throw new FormatException("my fault") }, "*LimitOf*my fault*"),
        ["rewrite throws"] = (
            new()
            {
                Rewrites = (_, tensor) =>
                {
                    tensor.Gradients.Fill(9);
                    if (tensor.Parameter.Name == "b")
                    {
                        throw new FormatException("my fault");
                    }
                },
            },
            "*Rewrite*\"b\"*my fault*"),
        ["commit throws"] = (new() { Commits = _ => throw new FormatException("my fault"), Rewrites = (_, tensor) => tensor.Gradients.Fill(9) }, "*Commit*my fault*"),
        ["factor after a rewrite"] = (new() { OfAll = _ => -1, Rewrites = (_, tensor) => tensor.Gradients.Fill(9) }, "*FactorOfAll*"),
    };

    public static TheoryData<string> Cases => [.. _cases.Keys];

    [Theory]
    [MemberData(nameof(Cases))]
    public void InvalidClipResultThrowsAndTheStepIsNotTaken(string name)
    {
        (FunctionClip clip, string message) = _cases[name];
        foreach (NonFinitePolicy policy in Enum.GetValues<NonFinitePolicy>())
        {
            using ParameterSet set = Set();
            var scaler = new LossScaler(new() { InitialScale = 0.5, MinimumScale = 0.25 });
            var optimizer = new ModelOptimizer(set, new AdamWOptions(), new() { Clip = clip, NonFinite = policy, LossScaler = scaler, ZeroGradients = true });
            float[] before = All(set);
            Exception thrown = optimizer.Invoking(o => o.Step(new LossScale(0.125))).Should().Throw<Exception>().Which;
            ShouldSay(thrown, message);
            All(set).ShouldHaveTheBitsOf(before, name);
            (optimizer.UpdateCount, optimizer.StateOf("a").Iteration, scaler.Scale).Should().Be((0, 0, 0.5));
            ShouldSay(clip.Invoking(c => c.Apply(set)).Should().Throw<Exception>().Which, message);
            All(set).ShouldHaveTheBitsOf(before, name);
        }
    }

    [Fact]
    public void FactorTimesInverseLossScaleMustBeFinite()
    {
        using ParameterSet set = Set();
        var optimizer = new ModelOptimizer(set, new SgdOptions(), new() { Clip = new GlobalClip(_ => 1e38), NonFinite = NonFinitePolicy.Propagate });
        float[] before = All(set);
        ShouldSay(optimizer.Invoking(o => o.Step(new LossScale(0.125))).Should().Throw<Exception>().Which, "*GlobalClip*Infinity*");
        All(set).ShouldHaveTheBitsOf(before, "nothing has changed");
        optimizer.Step().Applied.Should().BeTrue();
    }

    [Theory]
    [InlineData(NonFinitePolicy.Throw)]
    [InlineData(NonFinitePolicy.Skip)]
    public void RewrittenGradientsThatAreNaNCountAsNonFinite(NonFinitePolicy policy)
    {
        using ParameterSet set = Set();
        int commits = 0;
        var clip = new FunctionClip
        {
            Rewrites = (_, tensor) => tensor.Gradients[1] = tensor.Parameter.Name == "b" ? float.NaN : 5,
            Commits = _ => commits++,
        };
        var optimizer = new ModelOptimizer(set, new AdamWOptions(), new() { Clip = clip, NonFinite = policy });
        float[] before = All(set);
        if (policy == NonFinitePolicy.Skip)
        {
            optimizer.Step().Outcome.Should().Be(StepOutcome.Skipped);
        }
        else
        {
            NonFiniteGradientException thrown = optimizer.Invoking(o => o.Step()).Should().Throw<NonFiniteGradientException>()
                .WithMessage("*\"b\"*index 1*FunctionClip*").Which;
            (thrown.ParameterName, thrown.Index, thrown.Value).Should().Be(("b", 1, set["b"].Gradients[1]));
        }

        All(set).ShouldHaveTheBitsOf(before, "nothing has changed");
        (commits, optimizer.UpdateCount).Should().Be((0, 0));
    }

    [Fact]
    public void FactorThatMakesAParameterInfiniteIsAnOverflow()
    {
        using ParameterSet set = Set();
        set["a"].Gradients.Fill(1e10f);
        var clip = new FunctionClip { OfAll = _ => 1e30, Rewrites = (_, tensor) => tensor.Gradients[0] = 3 };
        var optimizer = new ModelOptimizer(set, new SgdOptions { LearningRate = 1 }, new() { Clip = clip });
        float[] before = All(set);
        optimizer.Invoking(o => o.Step()).Should().Throw<NonFiniteGradientException>().WithMessage("*\"a\"*");
        All(set).ShouldHaveTheBitsOf(before, "nothing has changed");
    }

    [Fact]
    public void InvalidClipThrowsInTheConstructor()
    {
        using ParameterSet set = Set();
        Refuse(new NoClip(), "*NoClip*IGlobalClip*IRewritingClip*");
        Refuse(new FunctionClip { NormKind = (NormKind)7 }, "*FunctionClip*7*");
        Refuse(new FunctionClip { NormKind = NormKind.P, Order = double.NaN }, "*Order*NaN*");
        Refuse(new FunctionClip { NormKind = NormKind.P, Order = 0.5 }, "*Order*0.5*");
        Refuse(new FunctionClip { Refusal = parameter => parameter.Name == "b" ? "\"b\" is not for me." : null }, "\"b\" is not for me.*");
        Refuse(new FunctionClip { Refusal = _ => throw new FormatException("my fault") }, "*FunctionClip*RefusalOf*\"a\"*my fault*");
        using var overlapping = new ParameterSet();
        float[] shared = new float[3];
        overlapping.AddView("a", [2], new float[2], shared.AsMemory(0, 2));
        overlapping.AddView("b", [2], new float[2], shared.AsMemory(1, 2));
        FluentActions.Invoking(() => new ModelOptimizer(overlapping, new SgdOptions(), new() { Clip = new CentredClip() }))
            .Should().Throw<ArgumentException>().WithParameterName("Clip").WithMessage("*overlap*clipped*");

        void Refuse(IGradientClip clip, string message)
        {
            FluentActions.Invoking(() => new ModelOptimizer(set, new SgdOptions(), new() { Clip = clip }))
                .Should().Throw<ArgumentException>().WithParameterName("Clip").WithMessage(message);
            float[] before = All(set);
            clip.Invoking(c => c.Apply(set)).Should().Throw<ArgumentException>().WithMessage(message);
            All(set).ShouldHaveTheBitsOf(before, "nothing has changed");
        }
    }

    [Fact]
    public void RefusalOfIsCalledForAddedParameters()
    {
        using ParameterSet set = Set();
        var clip = new FunctionClip { Refusal = parameter => parameter.Name == "late" ? "\"late\" is not for me." : null };
        var optimizer = new ModelOptimizer(set, new SgdOptions(), new() { Clip = clip });
        optimizer.Step();
        set.Add("late", 2);
        optimizer.Invoking(o => o.Step()).Should().Throw<ArgumentException>().WithParameterName("Clip");
        optimizer.UpdateCount.Should().Be(1);
    }

    [Fact]
    public void ClipThatStepsItsOptimizerThrows()
    {
        using ParameterSet set = Set();
        ModelOptimizer? optimizer = null;
        optimizer = new ModelOptimizer(set, new SgdOptions(), new() { Clip = new FunctionClip { OfAll = _ => optimizer!.Step().GradientNorm } });
        optimizer.Invoking(o => o.Step()).Should().Throw<InvalidOperationException>().WithMessage("*FunctionClip*FactorOfAll*");
        optimizer.UpdateCount.Should().Be(0);
    }

    [Fact]
    public void InvalidNormKindOrOrderThrows()
    {
        FluentActions.Invoking(() => ((NormKind)5).Of([1])).Should().Throw<ArgumentOutOfRangeException>().WithParameterName("kind");
        FluentActions.Invoking(() => NormKind.P.Of([1], 0)).Should().Throw<ArgumentOutOfRangeException>().WithParameterName("order");
        NormKind.P.Of([1, 2, -2], 3).Should().BeApproximately(Math.Cbrt(17), 1e-12);
        NormKind.Infinity.Of([]).Should().Be(0);
    }

    private static void ShouldSay(Exception thrown, string message)
    {
        message.Split('|').Should().Contain(pattern => System.Text.RegularExpressions.Regex.IsMatch(
            thrown.Message, $"^{System.Text.RegularExpressions.Regex.Escape(pattern).Replace("\\*", "(.|\n)*", StringComparison.Ordinal)}$"), thrown.Message);
        (thrown is ArgumentOutOfRangeException { ParamName: "Clip" } or InvalidOperationException { InnerException: FormatException }).Should().BeTrue();
    }

    private static ParameterSet Set()
    {
        var set = new ParameterSet();
        set.AddRange(("a", [5]), ("b", [2, 2]));
        foreach (Parameter parameter in set)
        {
            Draw.Floats(parameter.Length, parameter.Length).CopyTo(parameter.Values);
            Draw.Floats(parameter.Length + 1, parameter.Length).CopyTo(parameter.Gradients);
        }

        return set;
    }

    private static float[] All(ParameterSet set) => [.. set.SelectMany(parameter => (float[])[.. parameter.Values, .. parameter.Gradients])];
}
