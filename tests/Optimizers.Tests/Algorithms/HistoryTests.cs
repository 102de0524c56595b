namespace Optimizers.Tests;

/// <summary>Optimizers whose next step depends on earlier steps, and not only on t and the rate.</summary>
public sealed class HistoryTests
{
    [Fact]
    public void NAdamStateContainsTheProductOfItsMomenta()
    {
        var optimizer = new NAdam(1);
        double product = 1;
        for (int t = 1; t <= 3_000; t++)
        {
            optimizer.Step((float[])[1], (float[])[1]);
            product *= 0.9 * (1 - (0.5 * Math.Pow(0.96, t * 0.004)));

            // The bias correction uses 1 minus the product.
            optimizer.State.Scalar("mu_product").Should().BeApproximately(product, 1e-14);
        }

        optimizer.State.Reset();
        optimizer.State.Scalar("mu_product").Should().Be(1);
    }

    [Fact]
    public void AsgdUsesTheRateOneUpdateLate()
    {
        var optimizer = new Asgd(1, new AsgdOptions { Lambda = 0 });
        float[] parameters = [0];
        double[] rates = [0.5, 0.25, 8, 1];
        var moves = new List<float>();
        foreach (double rate in rates)
        {
            float before = parameters[0];
            optimizer.Step(parameters, (float[])[-1], rate);
            moves.Add(parameters[0] - before);
        }

        moves.Should().Equal(0.5f, 0.5f, 0.25f, 8f);
    }

    [Fact]
    public void AsgdAverageBeginsThreeUpdatesAfterItsStart()
    {
        var optimizer = new Asgd(1, new AsgdOptions { Lambda = 0, LearningRate = 1, AveragingStart = 2 });
        float[] parameters = [0];
        float[] averages = new float[7];
        for (int t = 1; t <= averages.Length; t++)
        {
            optimizer.Step(parameters, (float[])[-1]);
            averages[t - 1] = optimizer.State["ax"][0];
        }

        // The parameter is t at update t.
        averages.Should().Equal(1, 2, 3, 4, 4.5f, 5, 5.5f);
    }

    [Fact]
    public void RpropComparesSignsOfTinyGradients()
    {
        var optimizer = new Rprop(1, new RpropOptions { LearningRate = 1 });
        float[] parameters = [0];
        foreach (float gradient in (float[])[-1e-36f, -1e-36f, 1e-36f, 1e-36f, 0, float.NaN, -1e-36f])
        {
            optimizer.Step(parameters, (float[])[gradient]);
        }

        // +1, +1.2, a reversal, −0.6, nothing, nothing, +0.6
        parameters[0].Should().BeApproximately(2.2f, 1e-6f);
    }

    [Fact]
    public void AdoptFirstUpdateOnlyMeasures()
    {
        float[] parameters = [1, 2];
        var optimizer = new Adopt(2);
        optimizer.Step(parameters, (float[])[3, -4]);
        parameters.Should().Equal(1, 2);
        optimizer.State["exp_avg_sq"].ToArray().Should().Equal(9, 16);
        optimizer.State["exp_avg"].ToArray().Should().Equal(0, 0);
    }
}
