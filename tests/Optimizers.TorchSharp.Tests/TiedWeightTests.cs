namespace Optimizers.TorchSharp.Tests;

/// <summary>Weights that a module has under several names move once.</summary>
public sealed class TiedWeightTests
{
    [TorchTheory]
    [InlineData("same object")]
    [InlineData("same storage")]
    public void TiedWeightMovesOnce(string kind)
    {
        using OneParameter first = Networks.One(1, 2);
        using var tied = new Parts(first);
        TorchParameter shared = kind == "same object" ? first.w : new TorchParameter(first.w.detach());
        tied.AddParameter("tied", shared);
        using var optimizer = new ModuleOptimizer(tied, new MomentumOptions { LearningRate = 0.5, Momentum = 0.9 });
        optimizer.Parameters.Should().ContainSingle();
        for (int step = 1; step <= 3; step++)
        {
            first.w.sum().backward();
            optimizer.Step();
        }

        // After 3 steps of the gradient 1: 1 + 1.9 + 2.71.
        first.w.Values()[0].Should().BeApproximately(1 - (0.5f * 5.61f), 1e-6f);
        shared.Values().Should().Equal(first.w.Values());
    }

    /// <summary>Both uses of the weight add to its gradient.</summary>
    [TorchFact]
    public void EmbeddingTiedToALinearLayerHasOneParameter()
    {
        torch.manual_seed(3);
        var embedding = torch.nn.Embedding(5, 3);
        var linear = torch.nn.Linear(3, 5, hasBias: false);
        linear.weight = embedding.weight!;
        using var module = new Parts(embedding, linear);
        float[] before = linear.weight.Values();
        using var optimizer = new ModuleOptimizer(module, new SgdOptions { LearningRate = 0.1 });
        optimizer.Parameters.Should().ContainSingle();

        module.forward(torch.tensor([1L, 4])).sum().backward();
        float[] gradient = linear.weight.Gradient()!;
        optimizer.Step();
        float[] expected = [.. before.Zip(gradient, (value, slope) => value - (0.1f * slope))];
        linear.weight.Values().ShouldHaveTheBitsOf(expected, "weight");
        embedding.weight!.Values().ShouldHaveTheBitsOf(expected, "embedding");
        gradient.Should().NotContain(0);
    }

    [TorchFact]
    public void OverlappingParametersAreRefused()
    {
        using Tensor whole = torch.zeros(6);
        using var module = new Parts(new OneParameter(whole.narrow(0, 0, 4)), new OneParameter(whole.narrow(0, 2, 4)));
        Action create = () => _ = new ModuleOptimizer(module, new SgdOptions());
        create.Should().Throw<ArgumentException>().WithMessage("*1.w*overlap*0.w*");
    }
}
