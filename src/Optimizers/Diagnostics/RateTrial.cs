namespace Optimizers.Diagnostics;

/// <summary>
/// Takes steps that try a rate, and then undoes them; for the range test and the sweep. When the trial is disposed,
/// everything is as it was at the start, also after an exception.
/// </summary>
internal sealed class RateTrial : IDisposable
{
    private readonly CheckpointSnapshot _start;
    private readonly IReadOnlyList<ParameterGroup> _groups;
    private readonly ParameterSet? _parameters;

    private RateTrial(Checkpoint checkpoint, IReadOnlyList<ParameterGroup> groups)
    {
        _start = new CheckpointSnapshot(checkpoint);
        _groups = groups;
        _parameters = checkpoint.Optimizer?.Parameters;
        _parameters?.ValueUse.IsOnTrial = true;
    }

    /// <summary>Begins trials of a model, or of other contents of a checkpoint.</summary>
    public static RateTrial Of(Checkpoint checkpoint, IReadOnlyList<ParameterGroup>? groups)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        if (checkpoint is { Optimizer: not null, IncludeParameters: false })
        {
            throw new ArgumentException(
                $"{nameof(Checkpoint.IncludeParameters)} is false, so the parameters could not be restored after the search. Set it to true.", nameof(checkpoint));
        }

        IReadOnlyList<ParameterGroup> all = checkpoint.Optimizer?.Groups ?? [];
        foreach (ParameterGroup group in groups ?? [])
        {
            if (!all.Contains(group))
            {
                throw new ArgumentException($"The group ({group}) is not a group of the optimizer. Take it from the optimizer's {nameof(ModelOptimizer.Groups)}.", nameof(groups));
            }
        }

        if (groups is { Count: 0 })
        {
            throw new ArgumentException(
                "The list of groups is empty, so no rate would be tried. Give the groups to try, or null for all.", nameof(groups));
        }

        return new RateTrial(checkpoint, groups ?? all);
    }

    /// <summary>A checkpoint of a buffer and its optimizer.</summary>
    public static Checkpoint CheckpointOf(Memory<float> parameters, IOptimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        Require.LengthOfOptimizer(parameters.Length, optimizer.State.Length, "parameters", nameof(parameters));
        var checkpoint = new Checkpoint();
        checkpoint.Add("optimizer", optimizer.State);
        checkpoint.Add("buffer", new Buffer(parameters));
        return checkpoint;
    }

    /// <summary>A checkpoint of a model.</summary>
    public static Checkpoint CheckpointOf(ModelOptimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        return new Checkpoint(optimizer);
    }

    /// <summary>Takes a step at a rate.</summary>
    /// <param name="rate">The rate.</param>
    /// <param name="index">The number of earlier steps.</param>
    /// <param name="step">The user's step.</param>
    /// <returns>The loss; NaN if the optimizer refused gradients that are not finite.</returns>
    public double Take(double rate, int index, Func<double, int, double> step)
    {
        foreach (ParameterGroup group in _groups)
        {
            group.TriedRate = rate;
        }

        double loss;
        try
        {
            loss = step(rate, index);
        }
        catch (NonFiniteGradientException) when (index > 0)
        {
            // An optimizer that throws for such gradients reports divergence in this way.
            return double.NaN;
        }
        catch (Exception exception) when (exception is not (NonFiniteGradientException or WeightDecayException or OperationCanceledException))
        {
            throw new InvalidOperationException(
                $"The function {nameof(step)} threw in its call {index + 1} at the rate {RateReport.Shown(rate)}: {exception.Message.TrimEnd('.')}. "
                + "Everything is as it was before the search.",
                exception);
        }

        return index > 0 || double.IsFinite(loss)
            ? loss
            : throw new ArgumentOutOfRangeException(
                nameof(step), loss, $"{nameof(step)} must return a finite loss in its first call, but returned {loss} at the rate {RateReport.Shown(rate)}. Start with a lower "
                + "rate, or look for the cause in the model or the data.");
    }

    /// <summary>Restores the start.</summary>
    public void Restart()
    {
        bool wasOnTrial = _parameters is { ValueUse.IsOnTrial: true };
        _parameters?.ValueUse.IsOnTrial = false;
        _start.Restore();
        _parameters?.ValueUse.IsOnTrial = wasOnTrial;
    }

    /// <summary>Restores the start, and makes the groups use their own rates again.</summary>
    public void Dispose()
    {
        foreach (ParameterGroup group in _groups)
        {
            group.TriedRate = null;
        }

        _parameters?.ValueUse.IsOnTrial = false;
        using (_start)
        {
            Restart();
        }
    }

    private sealed class Buffer(Memory<float> parameters) : ICheckpointed
    {
        public void Describe(CheckpointManifest contents) =>
            contents.Tensor("values", [parameters.Length], () => parameters.Span);
    }
}
