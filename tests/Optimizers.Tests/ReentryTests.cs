namespace Optimizers.Tests;

/// <summary>A step during a step of the same optimizer throws, on every thread, and the optimizer still works afterwards.</summary>
public sealed class ReentryTests
{
    [Fact]
    public void StepOnASecondThreadThrowsAndTheFirstStepFinishes()
    {
        using var inStep = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        var optimizer = new Optimizer(3, new ThrowingOptions { OnMake = _ => { inStep.Set(); release.Wait(); } });
        float[] parameters = [1, 2, 3];
        var first = new Thread(() => optimizer.Step(parameters, (float[])[2, 2, 2]));
        first.Start();
        inStep.Wait();
        optimizer.Invoking(o => o.Step((float[])[0, 0, 0], (float[])[1, 1, 1]))
            .Should().Throw<InvalidOperationException>().WithMessage("*in a step*");
        release.Set();
        first.Join();
        parameters.Should().Equal(0, 1, 2);
        optimizer.Step(parameters, (float[])[2, 2, 2]);
        optimizer.State.Iteration.Should().Be(2);
    }

    [Fact]
    public void StepOfAModelOnASecondThreadThrowsAndTheFirstStepFinishes()
    {
        using var inStep = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        using var set = new ParameterSet();
        set.Add("p", 1).Gradients.Fill(2);
        var optimizer = new ModelOptimizer(set, new ThrowingOptions { OnMake = _ => { inStep.Set(); release.Wait(); } });
        var first = new Thread(() => optimizer.Step());
        first.Start();
        inStep.Wait();
        optimizer.Invoking(o => o.Step()).Should().Throw<InvalidOperationException>().WithMessage("*in a step*");
        release.Set();
        first.Join();
        set["p"].Values[0].Should().Be(-1);
        optimizer.UpdateCount.Should().Be(1);
        optimizer.Step().Update.Should().Be(1);
    }

    [Fact]
    public void StepInsideARuleThrows()
    {
        Optimizer? optimizer = null;
        int calls = 0;
        optimizer = new Optimizer(1, new ThrowingOptions
        {
            OnMake = _ =>
            {
                if (calls++ == 0)
                {
                    optimizer!.Step((float[])[0], (float[])[0]);
                }
            },
        });
        float[] parameters = [1];
        optimizer.Invoking(o => o.Step(parameters, (float[])[2])).Should().Throw<InvalidOperationException>();
        parameters.Should().Equal(1);
        optimizer.State.Iteration.Should().Be(0);
        optimizer.Step(parameters, (float[])[2]);
        parameters.Should().Equal(0);
    }

    [Fact]
    public void StepInsideAScheduleThrows()
    {
        ModelOptimizer? optimizer = null;
        using var set = new ParameterSet();
        set.Add("p", 1).Gradients.Fill(1);
        bool armed = true;
        optimizer = new ModelOptimizer(set, new SgdOptions(), new()
        {
            Schedule = new FunctionSchedule(_ =>
            {
                if (armed)
                {
                    optimizer!.Step();
                }

                return 1;
            }),
        });
        optimizer.Invoking(o => o.Step()).Should().Throw<InvalidOperationException>().WithMessage("*in a step*");
        set["p"].Values[0].Should().Be(0);
        optimizer.UpdateCount.Should().Be(0);
        armed = false;
        optimizer.Step().Applied.Should().BeTrue();
        set["p"].Values[0].Should().Be(-1);
    }

    [Fact]
    public void FailedStepAllowsTheNextStep()
    {
        var optimizer = new Adam(2);
        optimizer.Invoking(o => o.Step((float[])[1], (float[])[1])).Should().Throw<ArgumentException>();
        optimizer.Step((float[])[1, 1], (float[])[1, 1]);
        optimizer.State.Iteration.Should().Be(1);
    }
}
