using Optimizers.Schedules;

namespace Optimizers.Benchmarks;

internal static unsafe partial class ScalarLoops
{
    public static void Adamax(in NativeTensor t, in KernelScalars s)
    {
        for (nuint i = 0; i < t.Length; i++)
        {
            float g = t.Gradients[i];
            t.First[i] = ((1 - s.Gain1) * t.First[i]) + (s.Gain1 * g);
            t.Second[i] = MathF.Max(s.Beta2 * t.Second[i], MathF.Abs(g) + s.Epsilon);
            t.Parameters[i] -= s.StepSize * t.First[i] / t.Second[i];
        }
    }

    // StepSize is the weight of the gradient, and Scale is the weight of the mean.
    public static void NAdam(in NativeTensor t, in KernelScalars s)
    {
        for (nuint i = 0; i < t.Length; i++)
        {
            float g = t.Gradients[i];
            t.First[i] = ((1 - s.Gain1) * t.First[i]) + (s.Gain1 * g);
            t.Second[i] = (s.Beta2 * t.Second[i]) + (s.Gain2 * g * g);
            t.Parameters[i] -= ((s.StepSize * g) + (s.Scale * t.First[i])) / ((MathF.Sqrt(t.Second[i]) * s.RootScale) + s.Epsilon);
        }
    }

    // Decay is the constant that each update adds to the second moment.
    public static void AdaBelief(in NativeTensor t, in KernelScalars s)
    {
        for (nuint i = 0; i < t.Length; i++)
        {
            float g = t.Gradients[i];
            t.First[i] = ((1 - s.Gain1) * t.First[i]) + (s.Gain1 * g);
            float off = g - t.First[i];
            t.Second[i] = (s.Beta2 * t.Second[i]) + (s.Gain2 * off * off) + s.Decay;
            t.Parameters[i] -= s.StepSize * t.First[i] / ((MathF.Sqrt(t.Second[i]) * s.RootScale) + s.Epsilon);
        }
    }

    public static void Yogi(in NativeTensor t, in KernelScalars s)
    {
        for (nuint i = 0; i < t.Length; i++)
        {
            float g = t.Gradients[i];
            float square = g * g;
            t.First[i] = ((1 - s.Gain1) * t.First[i]) + (s.Gain1 * g);
            t.Second[i] -= s.Gain2 * MathF.Sign(t.Second[i] - square) * square;
            t.Parameters[i] -= s.StepSize * t.First[i] / ((MathF.Sqrt(t.Second[i]) * s.RootScale) + s.Epsilon);
        }
    }

    // Scale is the clipping limit. It is 0 only in the first update, which sets the second moment and does not move the parameters.
    public static void Adopt(in NativeTensor t, in KernelScalars s)
    {
        for (nuint i = 0; i < t.Length; i++)
        {
            float g = t.Gradients[i];
            if (s.Scale == 0)
            {
                t.Second[i] = g * g;
                continue;
            }

            float u = Math.Clamp(g / MathF.Max(MathF.Sqrt(t.Second[i]), s.Epsilon), -s.Scale, s.Scale);
            t.First[i] = ((1 - s.Gain1) * t.First[i]) + (s.Gain1 * u);
            t.Parameters[i] -= s.Rate * t.First[i];
            t.Second[i] = (s.Beta2 * t.Second[i]) + (s.Gain2 * g * g);
        }
    }

    public static void ScheduleFreeAdamW(in NativeTensor t, in KernelScalars s)
    {
        for (nuint i = 0; i < t.Length; i++)
        {
            float g = t.Gradients[i];
            t.Second[i] = (s.Beta2 * t.Second[i]) + (s.Gain2 * g * g);
            Interpolate(t, s, i, g / ((MathF.Sqrt(t.Second[i]) * s.RootScale) + s.Epsilon));
        }
    }

    public static void ScheduleFreeSgd(in NativeTensor t, in KernelScalars s)
    {
        for (nuint i = 0; i < t.Length; i++)
        {
            Interpolate(t, s, i, t.Gradients[i]);
        }
    }

    // Scale is the weight of the newest point. It is 1 only in the first update.
    private static void Interpolate(in NativeTensor t, in KernelScalars s, nuint i, float direction)
    {
        float z = s.Scale == 1 ? t.Parameters[i] : t.First[i];
        t.Parameters[i] += (s.Scale * (z - t.Parameters[i])) + (s.StepSize * direction);
        t.First[i] = z - (s.Rate * direction);
    }
}
