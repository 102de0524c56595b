namespace Optimizers.TorchSharp.Tests;

/// <summary>A fact that needs libtorch. It is skipped, with the reason, where libtorch cannot be loaded.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class TorchFactAttribute : FactAttribute
{
    public TorchFactAttribute() => Skip = LibTorch.LoadError;
}

/// <summary>A theory that needs libtorch. It is skipped, with the reason, where libtorch cannot be loaded.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class TorchTheoryAttribute : TheoryAttribute
{
    public TorchTheoryAttribute() => Skip = LibTorch.LoadError;
}
