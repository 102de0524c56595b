namespace Optimizers.Tests;

public sealed class SophiaTests
{
    private const int Length = 37;

    [Fact]
    public void NeedsHessianIsTrueEveryHessianIntervalUpdates()
    {
        var optimizer = new Sophia(1, new SophiaOptions { HessianInterval = 3 });
        var asked = new List<bool>();
        for (int step = 0; step < 7; step++)
        {
            asked.Add(optimizer.NeedsHessian);
            optimizer.Step((float[])[0], (float[])[1]);
        }

        asked.Should().Equal(true, false, false, true, false, false, true);
        new Sophia(1).NeedsHessian.Should().BeTrue();
    }

    [Fact]
    public void HessianStateIsTheMeanOfTheEstimates()
    {
        var optimizer = new Sophia(Length, new SophiaOptions { Beta2 = 0.75 });
        optimizer.UpdateHessian(Enumerable.Repeat(8f, Length).ToArray());
        optimizer.UpdateHessian(Enumerable.Repeat(-4f, Length).ToArray());
        optimizer.State["hessian"].ToArray().Should().OnlyContain(h => h == 0.5f);
        optimizer.State["exp_avg"].ToArray().Should().OnlyContain(m => m == 0);
        optimizer.State.Iteration.Should().Be(0);
    }

    [Fact]
    public void HessianStateFadesToZeroWithoutDenormals()
    {
        var optimizer = new Sophia(1, new SophiaOptions { Beta2 = 0.5 });
        optimizer.UpdateHessian([1f]);
        for (int i = 0; i < 200; i++)
        {
            optimizer.UpdateHessian([0f]);
            float.IsSubnormal(optimizer.State["hessian"][0]).Should().BeFalse();
        }

        optimizer.State["hessian"][0].Should().Be(0);
    }

    [Fact]
    public void MoveIsDividedByCurvatureAndLimitedByTheRate()
    {
        var optimizer = new Sophia(4, new SophiaOptions { Beta1 = 0, Beta2 = 0, Gamma = 0.5, WeightDecay = 0, LearningRate = 1 });
        optimizer.UpdateHessian([4f, 1f, -3f, 0f]);
        float[] parameters = [0, 0, 0, 0];
        optimizer.Step(parameters, (float[])[1, 2, -1, 0]);
        parameters.Should().Equal(-0.5f, -1, 1, 0);
    }

    [Fact]
    public void InvalidEstimateThrows()
    {
        var optimizer = new Sophia(2);
        optimizer.Invoking(o => o.UpdateHessian([1f])).Should().Throw<ArgumentException>()
            .WithParameterName("estimate").WithMessage("*1*2*");
        optimizer.Invoking(o => o.UpdateHessian(o.State["exp_avg"])).Should().Throw<ArgumentException>()
            .WithParameterName("estimate").WithMessage("*state*");
        optimizer.State["hessian"].ToArray().Should().Equal(0, 0);
    }

    [Fact]
    public void ModelUpdatesTheHessianOfSophiaParametersOnly()
    {
        using var set = new ParameterSet();
        set.AddRange(("curved", [2]), ("plain", [2]));
        var optimizer = new ModelOptimizer(
            set,
            [new(new SophiaOptions { Beta2 = 0 }) { Where = p => p.Name == "curved" }, new(new SgdOptions())]);
        optimizer.NeedsHessian("curved").Should().BeTrue();
        optimizer.UpdateHessian("curved", [3f, 4f]);
        optimizer.StateOf("curved")["hessian"].ToArray().Should().Equal(3, 4);
        optimizer.OptionsOf("curved").Should().BeOfType<SophiaOptions>();
        optimizer.Invoking(o => o.UpdateHessian("plain", [3f, 4f])).Should().Throw<ArgumentException>().WithMessage("*plain*Sophia*");
        optimizer.Invoking(o => o.NeedsHessian("plain")).Should().Throw<ArgumentException>().WithMessage("*plain*Sgd, not by Sophia*");
        optimizer.Invoking(o => o.UpdateHessian("none", [3f, 4f])).Should().Throw<ArgumentException>().WithMessage("*none*");
        optimizer.Invoking(o => o.OptionsOf("none")).Should().Throw<ArgumentException>().WithMessage("*none*");
        optimizer.Invoking(o => o.UpdateHessian("curved", [3f])).Should().Throw<ArgumentException>().WithParameterName("estimate");
        optimizer.StateOf("curved")["hessian"].ToArray().Should().Equal(3, 4);
        optimizer.Step();
        optimizer.NeedsHessian("curved").Should().BeFalse();
    }
}
