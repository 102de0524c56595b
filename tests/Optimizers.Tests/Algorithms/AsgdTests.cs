namespace Optimizers.Tests;

public sealed class AsgdTests
{
    // Computed as a + (p − a), the average would round if a parameter moves far.
    [Fact]
    public void AverageHasTheBitsOfTheParameterBeforeAveragingStarts()
    {
        var options = new AsgdOptions { LearningRate = 10, AveragingStart = 1_000 };
        Outcome outcome = Outcome.Of(new Asgd(1_003, options), Draw.Floats(1, 1_003), Draw.Gradients(2, 5, 1_003));
        outcome.State.Slots["ax"].ToArray().ShouldHaveTheBitsOf(outcome.Parameters, "the average");
    }
}
