namespace Optimizers.Diagnostics;

/// <summary>
/// The learning-rate range test: takes steps at rates from far too low to far too high, watches the loss, and suggests a
/// rate. Afterwards everything is as it was before, bit for bit.
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
/// <para>An average of past losses belongs to past rates. fastai plots it at the newest rate and divides that of the least loss by
/// 10; here the rate is averaged with the same weights, and nothing else makes up for the lag. What is left to
/// divide by is 2, for stability ends at twice the rate that is best along the steepest direction of a quadratic: 2/λ and 1/λ
/// (LeCun, Bottou, Orr and Müller 1998, Efficient BackProp, section 5). The rate of steepest descent is Smith's lower bound and
/// fastai's "steep". Neither rule knows which optimizer it is.</para>
/// <para>fastai ends the test at a multiple of the best alone. Where the best is close to 0 a mere oscillation is that much, so here
/// all progress has to be lost as well.</para>
/// <para>Losses are noisy, and a network that has learnt at low rates already meets the high ones with weights that are not
/// those of the start: take a suggestion for the right order of magnitude, and <see cref="RateSweep"/> for a closer look.</para>
/// <para>Put back are the values and gradients of a model, its optimizer's state and everything else that its
/// <see cref="Checkpoint"/> holds, also if the step throws; not what only your program knows, such as its place in the data. The
/// snapshot takes as much memory as that file would take on the disk, and the gradients.</para>
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
    /// <summary>Tests the rates of a model.</summary>
    /// <remarks>Each rate is used in the place of the schedule's and of the options'; the factors of groups act on it.</remarks>
    /// <param name="optimizer">The optimizer of the model.</param>
    /// <param name="step">Computes the gradients of the next batch, calls the optimizer's <see cref="ModelOptimizer.Step"/>, and
    /// returns the loss of the batch as it was before the update. It is told the rate, but need not use it.</param>
    /// <param name="options">The options; null: the defaults.</param>
    /// <returns>Every point, and the suggestions.</returns>
    /// <exception cref="ArgumentException">An argument or an option, named in the message, is not as it should be; or the first
    /// loss is not finite.</exception>
    public static RateReport Find(ModelOptimizer optimizer, Func<double, double> step, RateFinderOptions? options = null) =>
        Find(RateTrial.CheckpointOf(optimizer), step, options);

    /// <summary>Tests the rates of a buffer of parameters.</summary>
    /// <param name="parameters">The parameters, as many as the optimizer was made for.</param>
    /// <param name="optimizer">Their optimizer.</param>
    /// <param name="step">Computes the gradients of the next batch, calls the optimizer's <see cref="IOptimizer.Step(Span{float}, ReadOnlySpan{float}, double)"/> with the
    /// rate that it is given, and returns the loss of the batch as it was before the update.</param>
    /// <param name="options">The options; null: the defaults.</param>
    /// <inheritdoc cref="Find(ModelOptimizer, Func{double, double}, RateFinderOptions?)" path="/returns|/exception"/>
    public static RateReport Find(
        Memory<float> parameters, IOptimizer optimizer, Func<double, double> step, RateFinderOptions? options = null) =>
        Find(RateTrial.CheckpointOf(parameters, optimizer), step, options);

    /// <summary>Tests the rates of whatever a checkpoint holds: a model with averages and wrappers, for example.</summary>
    /// <remarks>The rates of its optimizer's groups are set as for a model. Without one, the step has to use the rate.</remarks>
    /// <param name="checkpoint">Everything that the step changes. With an optimizer, it has to
    /// <see cref="Checkpoint.IncludeParameters"/>.</param>
    /// <param name="step">Takes a step, and returns the loss as it was before.</param>
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
