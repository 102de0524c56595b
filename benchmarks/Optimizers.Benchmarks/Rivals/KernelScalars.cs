using System.Runtime.InteropServices;
using Optimizers.Rules;

namespace Optimizers.Benchmarks;

/// <summary>The scalars of one step for the C kernels and the hand-written loops. An optimizer sets the ones that it uses.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct KernelScalars
{
    public double RateInDouble { get; init; }

    public float Rate { get; init; }

    public float Beta1 { get; init; }

    public float Gain1 { get; init; }

    public float Beta2 { get; init; }

    public float Gain2 { get; init; }

    public float StepSize { get; init; }

    public float Scale { get; init; }

    public float RootScale { get; init; }

    public float Epsilon { get; init; }

    public float Factor { get; init; }

    public float Decay { get; init; }

    public int Flush { get; init; }

    public static KernelScalars Of(StepScalars step) => new()
    {
        RateInDouble = step.LearningRate,
        Rate = (float)step.LearningRate,
        Factor = (float)(1 - (step.LearningRate * step.WeightDecay)),
        Decay = (float)step.WeightDecay,
    };

    public KernelScalars WithBetas(double beta1, double beta2) => this with
    {
        Beta1 = (float)beta1,
        Gain1 = (float)(1 - beta1),
        Beta2 = (float)beta2,
        Gain2 = (float)(1 - beta2),
    };

    /// <summary>For Adam and its variants: m/(1 − β₁ᵗ) / (√(v/(1 − β₂ᵗ)) + ε).</summary>
    public static KernelScalars OfMoments(StepScalars step, double beta1, double beta2, double epsilon) =>
        Of(step).WithBetas(beta1, beta2) with
        {
            StepSize = (float)(step.LearningRate / step.BiasCorrection(beta1)),
            Scale = (float)(1 / step.BiasCorrection(beta1)),
            RootScale = (float)(1 / Math.Sqrt(step.BiasCorrection(beta2))),
            Epsilon = (float)epsilon,
        };

    /// <summary>For RAdam, in the form of Adam: s·m/(a√v + b), with s = <see cref="StepSize"/>, a = <see cref="RootScale"/>,
    /// b = <see cref="Epsilon"/>.</summary>
    public static KernelScalars OfRectified(StepScalars step, RAdamOptions o)
    {
        double correction = step.BiasCorrection(o.Beta2);
        double limit = (2 / (1 - o.Beta2)) - 1;
        double length = limit - (2 * step.Iteration * (1 - correction) / correction);
        KernelScalars adam = OfMoments(step, o.Beta1, o.Beta2, o.Epsilon);
        if (length <= 5)
        {
            return adam with { RootScale = 0, Epsilon = 1 };
        }

        double rectification = Math.Sqrt((length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length));
        return adam with
        {
            StepSize = (float)(step.LearningRate / step.BiasCorrection(o.Beta1) * rectification * Math.Sqrt(correction)),
            RootScale = 1,
        };
    }

    /// <summary>For NAdam: <see cref="StepSize"/> is the weight of the gradient, and <see cref="Scale"/> is the weight of
    /// the mean.</summary>
    public static KernelScalars OfNesterov(StepScalars step, NAdamOptions o)
    {
        double product = 1;
        for (long t = 1; t <= step.Iteration; t++)
        {
            product *= MomentumAt(t);
        }

        double momentum = MomentumAt(step.Iteration);
        double next = MomentumAt(step.Iteration + 1);
        return OfMoments(step, o.Beta1, o.Beta2, o.Epsilon) with
        {
            StepSize = (float)(step.LearningRate * (1 - momentum) / (1 - product)),
            Scale = (float)(step.LearningRate * next / (1 - (product * next))),
        };

        double MomentumAt(long t) => o.Beta1 * (1 - (0.5 * Math.Pow(0.96, t * o.MomentumDecay)));
    }

    /// <summary>For Rprop: the factors, the limits, and the step size before the first update.</summary>
    public static KernelScalars OfStepSizes(StepScalars step, RpropOptions o) =>
        Of(step).WithBetas(o.EtaMinus, o.EtaPlus) with
        {
            Epsilon = (float)o.MinimumStep,
            Scale = (float)o.MaximumStep,
            Decay = step.Iteration == 1 ? (float)step.LearningRate : 0,
        };

    /// <summary>For averaged SGD, whose rate falls according to the options.</summary>
    public static KernelScalars OfFalling(StepScalars step, AsgdOptions o)
    {
        double rate = step.LearningRate / Math.Pow(1 + (o.Lambda * step.LearningRate * (step.Iteration - 1)), o.Alpha);
        return Of(step) with { Rate = (float)rate, Factor = (float)(1 - (rate * o.Lambda)) };
    }

    /// <summary>For schedule-free averages at a constant rate. Update t has the weight 1/t.</summary>
    public static KernelScalars OfAverage(StepScalars step, double beta, KernelScalars scalars)
    {
        double share = 1.0 / step.Iteration;
        return scalars with
        {
            Scale = (float)share,
            StepSize = (float)(step.LearningRate * ((beta * (1 - share)) - 1)),
        };
    }
}
