using System.Numerics.Tensors;

namespace Optimizers.Tests;

/// <summary>A user's clip with state. It limits the norm to some deviations from its running mean.</summary>
internal sealed class RunningClip(double threshold = 1, double decay = 0.9) : IGlobalClip, ICheckpointed
{
    private double _mean = double.NaN;
    private double _variance;
    private long _commits;

    public double Mean => _mean;

    public long Commits => _commits;

    public double FactorOfAll(ClipStep step) => Math.Min(1, Clipped(step.GradientNorm) / Math.Max(step.GradientNorm, 1e-12));

    public void Commit(ClipStep step)
    {
        double norm = Clipped(step.GradientNorm);
        double mean = double.IsNaN(_mean) ? norm : (decay * _mean) + ((1 - decay) * norm);
        _variance = (decay * _variance) + ((1 - decay) * (norm - mean) * (norm - mean));
        _mean = mean;
        _commits++;
    }

    public void Describe(CheckpointManifest contents)
    {
        contents.Scalar("mean", () => _mean, value => _mean = value);
        contents.Scalar("variance", () => _variance, value => _variance = value);
        contents.Counter("commits", () => _commits, value => _commits = value);
    }

    public override string ToString() => FormattableString.Invariant($"RunningClip {{ Threshold = {threshold}, Decay = {decay} }}");

    private double Clipped(double norm) => double.IsNaN(_mean) ? norm : Math.Min(norm, _mean + (threshold * Math.Sqrt(_variance)));
}

/// <summary>A clip that scales each tensor to a part of the norm of its values, as LARS does.</summary>
internal sealed record TrustClip(double Trust) : ITensorClip
{
    public double FactorOf(ClipStep step, TensorNorms tensor) =>
        tensor.GradientNorm > 0 ? Trust * tensor.ValueNorm() / (tensor.GradientNorm + (tensor.WeightDecay * tensor.ValueNorm())) : 1;
}

/// <summary>A clip that subtracts the mean of each row, along the last axis.</summary>
internal sealed record CentredClip : IRewritingClip
{
    public void Rewrite(ClipStep step, TensorGradient tensor)
    {
        int width = tensor.Shape.IsEmpty ? 1 : tensor.Shape[^1];
        for (int start = 0; start < tensor.Gradients.Length; start += width)
        {
            Span<float> row = tensor.Gradients.Slice(start, width);
            double sum = 0;
            foreach (float gradient in row)
            {
                sum += gradient;
            }

            TensorPrimitives.Subtract(row, (float)(sum / width), row);
        }
    }
}

/// <summary>A clip with a function from the test.</summary>
internal sealed class GlobalClip(Func<ClipStep, double> factor) : IGlobalClip
{
    public double FactorOfAll(ClipStep step) => factor(step);
}

/// <summary>A clip of all four kinds, with functions from the test.</summary>
internal sealed class FunctionClip : IGlobalClip, ITensorClip, IElementClip, IRewritingClip
{
    public delegate void Rewriter(ClipStep step, TensorGradient tensor);

    public NormKind NormKind { get; init; }

    public double Order { get; init; } = 2;

    public Func<Parameter, string?> Refusal { get; init; } = _ => null;

    public Func<ClipStep, double> OfAll { get; init; } = _ => 1;

    public Func<ClipStep, TensorNorms, double> Of { get; init; } = (_, _) => 1;

    public Func<ClipStep, double> Limit { get; init; } = _ => double.PositiveInfinity;

    public Rewriter Rewrites { get; init; } = (_, _) => { };

    public Action<ClipStep> Commits { get; init; } = _ => { };

    public string? RefusalOf(Parameter parameter) => Refusal(parameter);

    public double FactorOfAll(ClipStep step) => OfAll(step);

    public double FactorOf(ClipStep step, TensorNorms tensor) => Of(step, tensor);

    public double LimitOf(ClipStep step) => Limit(step);

    public void Rewrite(ClipStep step, TensorGradient tensor) => Rewrites(step, tensor);

    public void Commit(ClipStep step) => Commits(step);
}

/// <summary>A clip that implements none of the four interfaces.</summary>
internal sealed record NoClip : IGradientClip;
