namespace Optimizers.Diagnostics;

/// <summary>
/// Runs a learning-rate range test: it takes steps at rates from far too low to far too high, records the losses, and
/// suggests a rate. Afterwards the parameters, the gradients and the state of the optimizer have the same bits as before.
/// </summary>
/// <remarks>
/// <para>Smith 2015, Cyclical Learning Rates for Training Neural Networks, arXiv 1506.01186, section 3.3; with exponential
/// spacing, an average of the losses and an end at divergence as in fastai's lr_find.</para>
/// <code>
/// rate k, for k = 0 … n − 1: lowest·(highest/lowest)^(k/(n − 1)), or on a line
/// averages, both with β and divided by 1 − β^(k + 1): L of the loss, x of ln rate
/// end: L is above best + (DivergenceFactor − 1)·|best| and above the first loss, or not finite
/// LargestStable: e^x where L is least          ByLargestStable: half of that
/// BySteepestDescent: e^x where ΔL/Δx is least, over about 1/(1 − β) points, before that
/// </code>
/// <para>An average of past losses belongs to past rates. fastai plots it at the newest rate, and divides the rate of the lowest loss
/// by 10. Here the rate is averaged with the same weights, so no correction for the lag is needed. The remaining division is by 2.
/// This factor follows from a quadratic: along the steepest direction of the quadratic the best rate is 1/λ, and descent is
/// unstable above 2/λ (LeCun, Bottou, Orr and Müller 1998, Efficient BackProp, section 5). The rate of steepest descent is
/// Smith's lower bound and fastai's "steep". Neither rule depends on the optimizer.</para>
/// <para>fastai ends the test when the loss is above a multiple of the best loss. If the best loss is close to 0, a small oscillation
/// is already above such a multiple. So here the loss must also be above the first loss.</para>
/// <para>Losses are noisy, and a network that has already learnt at low rates reaches the high rates with other weights than at the
/// start. So a suggestion is right only to the order of magnitude; use <see cref="RateSweep"/> for a more precise answer.</para>
/// <para>The test restores the values and gradients of a model, its optimizer's state and everything else in its
/// <see cref="Checkpoint"/>, also if the step throws. The test cannot restore things that only your program knows, such as
/// the position in the data. The snapshot needs as much memory as the checkpoint file would need on the disk, plus the
/// gradients.</para>
/// </remarks>
/// <example>
/// <code>
/// RateReport report = RateFinder.Find(optimizer, rate =>
/// {
///     double loss = ComputeGradients(NextBatch());
///     optimizer.Step();
///     return loss;
/// });
/// Console.WriteLine(report.Advice);
/// </code>
/// </example>
public static class RateFinder
{
    /// <summary>Tests the learning rates of a model.</summary>
    /// <remarks>Each rate replaces the rate of the schedule or of the options. The rate factors of groups still
    /// apply.</remarks>
    /// <param name="optimizer">The optimizer of the model.</param>
    /// <param name="step">Computes the gradients of the next batch, calls the optimizer's <see cref="ModelOptimizer.Step"/>, and
    /// returns the loss of the batch before the update. Its argument is the rate, which it need not use.</param>
    /// <param name="options">The options; null: the defaults.</param>
    /// <returns>The report, with every point and the suggestions.</returns>
    /// <exception cref="ArgumentException">An argument or an option is invalid, and the message names it; or the first
    /// loss is not finite.</exception>
    public static RateReport Find(ModelOptimizer optimizer, Func<double, double> step, RateFinderOptions? options = null) =>
        Find(RateTrial.CheckpointOf(optimizer), step, options);

    /// <summary>Tests the learning rates of a buffer of parameters.</summary>
    /// <param name="parameters">The parameters, as many as the optimizer was created for.</param>
    /// <param name="optimizer">The optimizer of the buffer.</param>
    /// <param name="step">Computes the gradients of the next batch, calls the optimizer's <see cref="IOptimizer.Step(Span{float}, ReadOnlySpan{float}, double)"/> with the
    /// rate in its argument, and returns the loss of the batch before the update.</param>
    /// <param name="options">The options; null: the defaults.</param>
    /// <inheritdoc cref="Find(ModelOptimizer, Func{double, double}, RateFinderOptions?)" path="/returns|/exception"/>
    public static RateReport Find(
        Memory<float> parameters, IOptimizer optimizer, Func<double, double> step, RateFinderOptions? options = null) =>
        Find(RateTrial.CheckpointOf(parameters, optimizer), step, options);

    /// <summary>Tests the learning rates of everything in a checkpoint: for example a model with averages and wrappers.</summary>
    /// <remarks>If the checkpoint has an optimizer, the rates of its groups are set as for a model. If it has none,
    /// <paramref name="step"/> must use the rate itself.</remarks>
    /// <param name="checkpoint">A checkpoint with everything that the step changes. If it has an optimizer,
    /// <see cref="Checkpoint.IncludeParameters"/> must be true.</param>
    /// <param name="step">Takes a step, and returns the loss before it.</param>
    /// <param name="options">The options; null: the defaults.</param>
    /// <inheritdoc cref="Find(ModelOptimizer, Func{double, double}, RateFinderOptions?)" path="/returns|/exception"/>
    public static RateReport Find(Checkpoint checkpoint, Func<double, double> step, RateFinderOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(step);
        options ??= new RateFinderOptions();
        options.Validate();
        using RateTrial trial = RateTrial.Of(checkpoint, options.Groups);
        var points = new List<RatePoint>();
        var average = new LossAverage(options.Smoothing);
        double best = double.PositiveInfinity;
        bool diverged = false;
        string? refusal = null;
        for (int i = 0; i < options.Points && !diverged; i++)
        {
            double rate = options.RateAt(i);
            double loss;
            try
            {
                loss = trial.Take(rate, i, (tried, _) => step(tried));
            }
            catch (WeightDecayException exception) when (i > 0)
            {
                refusal = exception.Reason;
                break;
            }

            average.Add(loss, Math.Log(rate));
            points.Add(new RatePoint(rate, loss, average.Loss, Math.Exp(average.Place)));
            best = Math.Min(best, average.Loss);

            diverged = !double.IsFinite(average.Loss)
                || average.Loss > Math.Max(points[0].Loss, best + ((options.DivergenceFactor - 1) * Math.Abs(best)));
        }

        return new RateReport(points, diverged, refusal, options.Window);
    }
}
