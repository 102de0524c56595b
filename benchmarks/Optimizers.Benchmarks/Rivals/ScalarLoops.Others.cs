using Optimizers.Schedules;

namespace Optimizers.Benchmarks;

internal static unsafe partial class ScalarLoops
{
    public static void AdaDelta(in NativeTensor t, in KernelScalars s)
    {
        for (nuint i = 0; i < t.Length; i++)
        {
            float g = t.Gradients[i];
            t.First[i] = (s.Beta2 * t.First[i]) + (s.Gain2 * g * g);
            float d = MathF.Sqrt(t.Second[i] + s.Epsilon) * g / MathF.Sqrt(t.First[i] + s.Epsilon);
            t.Second[i] = (s.Beta2 * t.Second[i]) + (s.Gain2 * d * d);
            t.Parameters[i] -= s.Rate * d;
        }
    }

    // During the first million updates the average equals the parameter.
    public static void Asgd(in NativeTensor t, in KernelScalars s)
    {
        for (nuint i = 0; i < t.Length; i++)
        {
            t.Parameters[i] = (s.Factor * t.Parameters[i]) - (s.Rate * t.Gradients[i]);
            t.First[i] = t.Parameters[i];
        }
    }

    // This loop has no L1 and no L2. Scale is 1 divided by the rate.
    public static void Ftrl(in NativeTensor t, in KernelScalars s)
    {
        for (nuint i = 0; i < t.Length; i++)
        {
            float g = t.Gradients[i];
            float before = MathF.Sqrt(t.Second[i]);
            t.Second[i] += g * g;
            float root = MathF.Sqrt(t.Second[i]);
            t.First[i] += g - (g * g / (before + root) * s.Scale * t.Parameters[i]);
            t.Parameters[i] = -t.First[i] / (root * s.Scale);
        }
    }

    public static void SignSgd(in NativeTensor t, in KernelScalars s)
    {
        for (nuint i = 0; i < t.Length; i++)
        {
            t.Parameters[i] -= s.Rate * MathF.Sign(t.Gradients[i]);
        }
    }

    public static void Signum(in NativeTensor t, in KernelScalars s)
    {
        for (nuint i = 0; i < t.Length; i++)
        {
            t.First[i] = (s.Beta1 * t.First[i]) + (s.Gain1 * t.Gradients[i]);
            t.Parameters[i] -= s.Rate * MathF.Sign(t.First[i]);
        }
    }

    // Beta1 and Beta2 are the factors, Epsilon and Scale are the limits. Decay is the initial step size in the first update, and 0 later.
    public static void Rprop(in NativeTensor t, in KernelScalars s)
    {
        for (nuint i = 0; i < t.Length; i++)
        {
            float g = t.Gradients[i];
            int agreement = MathF.Sign(g) * MathF.Sign(t.First[i]);
            float factor = agreement > 0 ? s.Beta2 : agreement < 0 ? s.Beta1 : 1;
            t.Second[i] = Math.Clamp((t.Second[i] + s.Decay) * factor, s.Epsilon, s.Scale);
            t.First[i] = agreement < 0 ? 0 : g;
            t.Parameters[i] -= MathF.Sign(t.First[i]) * t.Second[i];
        }
    }

    // Beta2 is the γ of the paper.
    public static void Sophia(in NativeTensor t, in KernelScalars s)
    {
        for (nuint i = 0; i < t.Length; i++)
        {
            t.Second[i] = ((1 - s.Gain1) * t.Second[i]) + (s.Gain1 * t.Gradients[i]);
            float u = Math.Clamp(t.Second[i] / MathF.Max(s.Beta2 * t.First[i], s.Epsilon), -1, 1);
            t.Parameters[i] = (s.Factor * t.Parameters[i]) - (s.Rate * u);
        }
    }
}
