using System.Diagnostics;
using Optimizers;
using Optimizers.Checkpoints;

namespace CharModel;

/// <summary>Runs a training from its current step to its last step, with measurements and checkpoints.</summary>
/// <param name="training">The training.</param>
/// <param name="steps">The number of updates of the whole run.</param>
internal sealed class Run(Training training, int steps)
{
    private const int Measurements = 20;
    private const int SequencesPerMeasurement = 32;

    private readonly int _validationSequences = Math.Min(SequencesPerMeasurement, training.ValidationSequences);
    private readonly int _measuredEvery = Math.Max(1, steps / Measurements);

    /// <summary>The checkpoint to save. Null: the run saves no checkpoints.</summary>
    public TrainingCheckpoint? Checkpoint { get; init; }

    /// <summary>The number of steps between two checkpoints.</summary>
    public int CheckpointEvery { get; init; } = int.MaxValue;

    /// <summary>Trains until the last step or until the token stops it, and then saves a checkpoint.</summary>
    /// <param name="onStep">Called after each step.</param>
    /// <param name="stop">Stops the training between two steps.</param>
    /// <returns>Whether the last step was reached.</returns>
    public bool Go(Action<TrainingProgress>? onStep, CancellationToken stop)
    {
        var watch = new Stopwatch();
        long watchedSteps = 0;
        bool unsaved = training.Optimizer.UpdateCount == 0;
        while (training.Optimizer.UpdateCount < steps && !stop.IsCancellationRequested)
        {
            watch.Start();
            StepReport report = training.Step();
            watch.Stop();
            watchedSteps++;
            long step = training.Optimizer.UpdateCount;

            if (onStep is not null)
            {
                bool measured = step % _measuredEvery == 0 || step == steps;
                double speed = watchedSteps * training.CharactersPerStep / watch.Elapsed.TotalSeconds;
                onStep(new TrainingProgress(
                    report, training.Smoothing.Mean, speed, measured ? training.Validate(_validationSequences) : null));
                if (measured)
                {
                    watch.Reset();
                    watchedSteps = 0;
                }
            }

            unsaved = step % CheckpointEvery != 0;
            if (!unsaved)
            {
                Checkpoint?.Save();
            }
        }

        if (unsaved)
        {
            Checkpoint?.Save();
        }

        return training.Optimizer.UpdateCount >= steps;
    }
}
