namespace Digits;

/// <summary>What a run has come to so far.</summary>
internal sealed class Run(Recipe recipe, long parameterCount)
{
    public Recipe Recipe { get; } = recipe;

    /// <summary>The mean loss of each epoch, over its images as they were seen.</summary>
    public List<double> Losses { get; } = [];

    /// <summary>The share of test images recognised after each epoch.</summary>
    public List<double> TestAccuracies { get; } = [];

    /// <summary>The time of each update alone.</summary>
    public List<TimeSpan> StepTimes { get; } = [];

    /// <summary>The time of all training, gradients included.</summary>
    public TimeSpan Time { get; set; }

    /// <summary>The time of an update, shared among the parameters: the median, which warming up does not move.</summary>
    public double NanosecondsPerParameter =>
        StepTimes.Order().ElementAt(StepTimes.Count / 2).TotalNanoseconds / parameterCount;
}
