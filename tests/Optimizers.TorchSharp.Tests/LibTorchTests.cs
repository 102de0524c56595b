namespace Optimizers.TorchSharp.Tests;

public sealed class LibTorchTests
{
    [Fact]
    public void LoadErrorIsOneSentenceWithTheInnermostCause()
    {
        string? error = LibTorch.Explain(() => throw new TypeInitializationException("torch", new DllNotFoundException("no version\nGLIBCXX_3.4.32.\n")));
        error.Should().Be("libtorch cannot be loaded: no version GLIBCXX_3.4.32.");
        LibTorch.Explain(() => { }).Should().BeNull();
    }

    [Fact]
    public void OnlyErrorsOfLoadingSkipTests()
    {
        Action explain = () => LibTorch.Explain(() => throw new InvalidOperationException("another error"));
        explain.Should().Throw<InvalidOperationException>();
    }

    [TorchFact]
    public void TorchComputes()
    {
        using Tensor weight = torch.tensor([1f, 2f, 3f], requires_grad: true);
        using Tensor sum = (weight * weight).sum();
        sum.backward();
        using Tensor? gradient = weight.grad;
        gradient!.data<float>().ToArray().Should().Equal(2, 4, 6);
    }
}
