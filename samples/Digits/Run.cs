namespace Digits;

/// <summary>The results of a run so far.</summary>
internal sealed class Run(Recipe recipe, long parameterCount)
{
    public Recipe Recipe { get; } = recipe;

    /// <summary>The mean training loss of each epoch. The loss of an image is the one before the update that uses the image.</summary>
    public List<double> Losses { get; } = [];

    /// <summary>The test accuracy after each epoch: the share of test images with the right prediction.</summary>
    public List<double> TestAccuracies { get; } = [];

    /// <summary>The time of each update, without the computation of the gradients.</summary>
    public List<TimeSpan> StepTimes { get; } = [];

    /// <summary>The total training time, including the computation of the gradients.</summary>
    public TimeSpan Time { get; set; }

    /// <summary>The time of an update divided by the number of parameters. It is the median, so that slow first updates do not change it.</summary>
    public double NanosecondsPerParameter =>
        StepTimes.Order().ElementAt(StepTimes.Count / 2).TotalNanoseconds / parameterCount;
}
