namespace Optimizers.Diagnostics;

/// <summary>
/// Runs a learning-rate sweep: it trains for a few steps at each of several rates, from the same start, and chooses the rate
/// with the lowest final loss. Begin with the powers of ten, as is usual. Afterwards the parameters, the gradients and the
/// state of the optimizer have the same bits as before.
/// </summary>
/// <remarks>
/// <para>Bengio 2012, Practical Recommendations for Gradient-Based Training of Deep Architectures, arXiv 1206.5533, section
/// 3.1.1: try rates on a logarithmic grid, and take the one with the lowest training loss.</para>
/// <para>A sweep takes more steps than a <see cref="RateFinder"/>, and measures directly how well training at a rate works.
/// The best rate for a short run is often higher than the best rate for a long one, unless a schedule lowers the
/// rate.</para>
/// </remarks>
/// <example>
/// <code>
/// RateSweepReport report = RateSweep.Try(optimizer, (rate, step) =>
/// {
///     double loss = ComputeGradients(batches[step]);
///     optimizer.Step();
///     return loss;
/// });
/// Console.WriteLine(report.Reason);
/// </code>
/// </example>
public static class RateSweep
{
    /// <summary>Rates on a logarithmic grid that contains the powers of ten.</summary>
    /// <remarks>The rates are 10^(k/rates) for every integer k with a rate in the range. The ends of the range are included
    /// even if rounding places them slightly outside.</remarks>
    /// <param name="lowest">The lower end of the range. Finite, above 0.</param>
    /// <param name="highest">The upper end. Finite, at least the lower end.</param>
    /// <param name="rates">The number of rates in each decade. At least 1, at most 1,000.</param>
    /// <returns>The rates, from the lowest to the highest.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public static IReadOnlyList<double> PerDecade(double lowest, double highest, int rates)
    {
        Require.Positive(lowest);
        Require.Positive(highest);
        Require.AtLeastOther(highest, lowest);
        Require.AtLeast(rates, 1);
        Require.AtMost(rates, 1_000);

        // Much less than the distance between two rates, and much more than the error of a logarithm.
        const double Tolerance = 1e-6;
        int first = (int)Math.Ceiling((Math.Log10(lowest) * rates) - Tolerance);
        int last = (int)Math.Floor((Math.Log10(highest) * rates) + Tolerance);
        return [.. Enumerable.Range(first, Math.Max(0, last - first + 1)).Select(k => Math.Pow(10, (double)k / rates))];
    }

    /// <summary>Trains a model at each rate.</summary>
    /// <remarks>Each rate replaces the rate of the schedule or of the options. The rate factors of groups still
    /// apply.</remarks>
    /// <param name="optimizer">The optimizer of the model.</param>
    /// <param name="step">Gets the rate and the index of the step in its run, from 0. It computes the gradients of a batch, which
    /// should be the same batch for the same index, calls the optimizer's <see cref="ModelOptimizer.Step"/>, and returns the loss of
    /// the batch before the update.</param>
    /// <param name="options">The options; null: the defaults.</param>
    /// <returns>The report, with every run, the chosen rate and the reason.</returns>
    /// <exception cref="ArgumentException">An argument or an option is invalid, and the message names it; or the first
    /// loss is not finite.</exception>
    public static RateSweepReport Try(ModelOptimizer optimizer, Func<double, int, double> step, RateSweepOptions? options = null) =>
        Try(RateTrial.CheckpointOf(optimizer), step, options);

    /// <summary>Trains a buffer of parameters at each rate.</summary>
    /// <param name="parameters">The parameters, as many as the optimizer was created for.</param>
    /// <param name="optimizer">The optimizer of the buffer.</param>
    /// <param name="step">As for a model, but it calls the optimizer's <see cref="IOptimizer.Step(Span{float}, ReadOnlySpan{float}, double)"/> with the rate.</param>
    /// <param name="options">The options; null: the defaults.</param>
    /// <inheritdoc cref="Try(ModelOptimizer, Func{double, int, double}, RateSweepOptions?)" path="/returns|/exception"/>
    public static RateSweepReport Try(
        Memory<float> parameters, IOptimizer optimizer, Func<double, int, double> step, RateSweepOptions? options = null) =>
        Try(RateTrial.CheckpointOf(parameters, optimizer), step, options);

    /// <summary>Trains everything in a checkpoint at each rate.</summary>
    /// <remarks>If the checkpoint has an optimizer, the rates of its groups are set as for a model. If it has none,
    /// <paramref name="step"/> must use the rate itself.</remarks>
    /// <param name="checkpoint">A checkpoint with everything that the step changes. If it has an optimizer,
    /// <see cref="Checkpoint.IncludeParameters"/> must be true.</param>
    /// <param name="step">As for a model.</param>
    /// <param name="options">The options; null: the defaults.</param>
    /// <inheritdoc cref="Try(ModelOptimizer, Func{double, int, double}, RateSweepOptions?)" path="/returns|/exception"/>
    public static RateSweepReport Try(Checkpoint checkpoint, Func<double, int, double> step, RateSweepOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(step);
        options ??= new RateSweepOptions();
        options.Validate();
        double[] rates = [.. options.Rates];
        using RateTrial trial = RateTrial.Of(checkpoint, options.Groups);
        var runs = new List<RateRun>();
        string? refusal = null;
        foreach (double rate in rates)
        {
            if (runs.Count > 0)
            {
                trial.Restart();
            }

            try
            {
                runs.Add(Run(trial, rate, step, options));
            }
            catch (WeightDecayException exception) when (runs.Count > 0)
            {
                refusal = exception.Reason;
                break;
            }
        }

        return new RateSweepReport(runs, refusal);
    }

    private static RateRun Run(RateTrial trial, double rate, Func<double, int, double> step, RateSweepOptions options)
    {
        var average = new LossAverage(options.Smoothing);
        double first = double.NaN;
        for (int i = 0; i < options.Steps; i++)
        {
            double loss = trial.Take(rate, i, step);
            first = i == 0 ? loss : first;
            average.Add(loss, place: 0);
            if (!double.IsFinite(average.Loss) || average.Loss > first + ((options.DivergenceFactor - 1) * Math.Abs(first)))
            {
                return new RateRun(rate, first, average.Loss, i + 1, Diverged: true);
            }
        }

        return new RateRun(rate, first, average.Loss, options.Steps, Diverged: false);
    }
}
