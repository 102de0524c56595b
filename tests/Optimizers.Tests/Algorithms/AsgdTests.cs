namespace Optimizers.Tests;

public sealed class AsgdTests
{
    // a + (p − a) would round where a parameter moves far.
    [Fact]
    public void BeforeAveragingStartsTheAverageIsTheParameterToTheLastBit()
    {
        var options = new AsgdOptions { LearningRate = 10, AveragingStart = 1_000 };
        Outcome outcome = Outcome.Of(new Asgd(1_003, options), Draw.Floats(1, 1_003), Draw.Gradients(2, 5, 1_003));
        outcome.State.Slots["ax"].ToArray().ShouldHaveTheBitsOf(outcome.Parameters, "the average");
    }
}
