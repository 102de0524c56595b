namespace Optimizers.Tests;

/// <summary>The sweep starts every rate from the same point, and reports the reason for its choice.</summary>
public sealed class RateSweepTests
{
    [Fact]
    public void RatesPerDecadeIncludeThePowersOfTen()
    {
        RateSweep.PerDecade(1e-5, 1, 1).Should().Equal([1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1], (a, b) => Math.Abs((a / b) - 1) < 1e-14);
        RateSweep.PerDecade(1e-5, 10, 8).Should().HaveCount(49).And.BeInAscendingOrder();
        RateSweep.PerDecade(2e-3, 0.5, 1).Should().Equal([1e-2, 0.1], (a, b) => Math.Abs((a / b) - 1) < 1e-14);
        RateSweep.PerDecade(2, 3, 1).Should().BeEmpty();
        RateSweep.PerDecade(1, 1, 3).Should().Equal(1);
        new RateSweepOptions().Rates.Should().HaveCount(6);
    }

    [Fact]
    public void EveryRunHasTheSameStart()
    {
        float[] place = [1, 1], gradients = new float[2];
        IOptimizer optimizer = new Adam(2);
        optimizer.Step(place, [0.5f, -0.25f]);
        float[] start = [.. place];
        var asked = new List<(double Rate, int Step)>();
        double[] rates = [0.01, 0.1, 0.3];
        RateSweepReport report = RateSweep.Try(
            place,
            optimizer,
            (rate, step) =>
            {
                asked.Add((rate, step));
                if (step == 0)
                {
                    place.Should().Equal(start);
                    optimizer.State.Iteration.Should().Be(1);
                }

                (gradients[0], gradients[1]) = (place[0], place[1]);
                double loss = (place[0] * place[0] + place[1] * place[1]) / 2;
                optimizer.Step(place, gradients, rate);
                return loss;
            },
            new RateSweepOptions { Rates = rates, Steps = 5 });
        asked.Should().Equal(rates.SelectMany(rate => Enumerable.Range(0, 5).Select(step => (rate, step))));
        report.Runs.Select(run => run.FirstLoss).Distinct().Should().ContainSingle();
        report.Runs.Should().OnlyContain(run => run.Steps == 5 && !run.Diverged);
        place.Should().Equal(start);
    }

    [Fact]
    public void ModelRunHasTheLossesOfTrainingAtThatRate()
    {
        using var tried = new WrappedModel();
        RateSweepReport report = RateSweep.Try(
            tried.Optimizer, (_, step) => Step(tried, step), new RateSweepOptions { Rates = [0.01, 0.1], Steps = 6, Smoothing = 0 });
        foreach (RateRun run in report.Runs)
        {
            using var model = new WrappedModel(new AdamOptions { LearningRate = run.Rate });
            double[] losses = [.. Enumerable.Range(0, 6).Select(step => Step(model, step))];
            (run.FirstLoss, run.FinalLoss).Should().Be((losses[0], losses[^1]));
        }
    }

    // The final losses of four runs at 0.001, 0.01, 0.1 and 1, from a loss of 2. A loss above 8 is divergence.
    [Theory]
    [InlineData(new[] { 1.9, 0.5, 1.5, 1.9 }, 0.01, "Use the rate 0.01: its loss fell furthest, from 2 to 0.5; the run with 0.001 ended at the loss 1.9, and the run with 0.1 ended at the loss 1.5.")]
    [InlineData(new[] { 1.9, 1.5, 0.5, 9.0 }, 0.1, "Use the rate 0.1: its loss fell furthest, from 2 to 0.5; the run with 0.01 ended at the loss 1.5, and the run with 1 diverged after 2 steps.")]
    [InlineData(new[] { 1.9, 1.5, 1.0, 0.5 }, 1.0, "*the run with 0.1 ended at the loss 1, and no higher rate was tried, so try one.")]
    [InlineData(new[] { 0.5, 1.5, 1.7, 1.9 }, 0.001, "*; no lower rate was tried, so try one, and the run with 0.01 ended at the loss 1.5.")]
    [InlineData(new[] { 0.5, 0.5, 0.5, 0.5 }, 0.001, "Use the rate 0.001*")]
    [InlineData(new[] { 2.0, 2.5, 9.0, double.NaN }, null, "The loss fell at no rate*")]
    public void LowestLossIsChosenAndTheReasonGiven(double[] finals, double? chosen, string reason)
    {
        double[] rates = [0.001, 0.01, 0.1, 1];
        RateSweepReport report = RateSweep.Try(
            new Checkpoint(),
            (rate, step) => step == 0 ? 2 : finals[Array.IndexOf(rates, rate)],
            new RateSweepOptions { Rates = rates, Steps = 2, Smoothing = 0 });
        report.Chosen.Should().Be(chosen);
        report.Reason.Should().Match(reason);
        report.Runs.Select(run => run.Diverged).Should().Equal(finals.Select(final => !(final <= 8)));
    }

    [Fact]
    public void RunEndsWhereItDiverges()
    {
        int taken = 0;
        RateSweepReport report = RateSweep.Try(
            new Checkpoint(),
            (_, step) =>
            {
                taken++;
                return step < 3 ? 2 : throw new NonFiniteGradientException();
            },
            new RateSweepOptions { Rates = [1], Steps = 50 });
        taken.Should().Be(4);
        report.Runs.Single().Should().Be(new RateRun(1, 2, double.NaN, 4, Diverged: true));
    }

    private static double Step(WrappedModel model, int step)
    {
        foreach (Parameter parameter in model.Parameters)
        {
            parameter.Values.CopyTo(parameter.Gradients);
        }

        double loss = model.All.Sum(value => (double)value * value) + step;
        model.Optimizer.Step();
        return loss;
    }
}
