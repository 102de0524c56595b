namespace Optimizers.Benchmarks;

/// <summary>Simple scalar loops over the elements, as a first implementation would have them.</summary>
internal static unsafe partial class ScalarLoops
{
    public static void Sgd(in NativeTensor t, in KernelScalars s)
    {
        for (nuint i = 0; i < t.Length; i++)
        {
            t.Parameters[i] -= s.Rate * t.Gradients[i];
        }
    }

    public static void Momentum(in NativeTensor t, in KernelScalars s)
    {
        for (nuint i = 0; i < t.Length; i++)
        {
            t.First[i] = (s.Beta1 * t.First[i]) + t.Gradients[i];
            t.Parameters[i] -= s.Rate * t.First[i];
        }
    }

    public static void Nesterov(in NativeTensor t, in KernelScalars s)
    {
        for (nuint i = 0; i < t.Length; i++)
        {
            t.First[i] = (s.Beta1 * t.First[i]) + t.Gradients[i];
            t.Parameters[i] -= s.Rate * (t.Gradients[i] + (s.Beta1 * t.First[i]));
        }
    }

    public static void Lion(in NativeTensor t, in KernelScalars s)
    {
        for (nuint i = 0; i < t.Length; i++)
        {
            float u = (s.Beta1 * t.First[i]) + (s.Gain1 * t.Gradients[i]);
            t.Parameters[i] -= s.Rate * (u > 0 ? 1 : u < 0 ? -1 : 0);
            t.First[i] = (s.Beta2 * t.First[i]) + (s.Gain2 * t.Gradients[i]);
        }
    }

    public static void AdaGrad(in NativeTensor t, in KernelScalars s)
    {
        for (nuint i = 0; i < t.Length; i++)
        {
            float g = t.Gradients[i];
            t.First[i] += g * g;
            t.Parameters[i] -= s.Rate * g / (MathF.Sqrt(t.First[i]) + s.Epsilon);
        }
    }

    public static void RmsProp(in NativeTensor t, in KernelScalars s)
    {
        for (nuint i = 0; i < t.Length; i++)
        {
            float g = t.Gradients[i];
            t.First[i] = (s.Beta2 * t.First[i]) + (s.Gain2 * g * g);
            t.Parameters[i] -= s.Rate * g / (MathF.Sqrt(t.First[i]) + s.Epsilon);
        }
    }

    public static void Adam(in NativeTensor t, in KernelScalars s)
    {
        for (nuint i = 0; i < t.Length; i++)
        {
            float g = t.Gradients[i];
            t.First[i] = ((1 - s.Gain1) * t.First[i]) + (s.Gain1 * g);
            t.Second[i] = (s.Beta2 * t.Second[i]) + (s.Gain2 * g * g);
            t.Parameters[i] -= s.StepSize * t.First[i] / ((MathF.Sqrt(t.Second[i]) * s.RootScale) + s.Epsilon);
        }
    }

    public static void AdamW(in NativeTensor t, in KernelScalars s)
    {
        for (nuint i = 0; i < t.Length; i++)
        {
            float g = t.Gradients[i];
            t.First[i] = ((1 - s.Gain1) * t.First[i]) + (s.Gain1 * g);
            t.Second[i] = (s.Beta2 * t.Second[i]) + (s.Gain2 * g * g);
            t.Parameters[i] = (s.Factor * t.Parameters[i])
                - (s.StepSize * t.First[i] / ((MathF.Sqrt(t.Second[i]) * s.RootScale) + s.Epsilon));
        }
    }

    public static void Lamb(in NativeTensor t, in KernelScalars s)
    {
        double ofParameters = 0;
        double ofDirections = 0;
        for (nuint i = 0; i < t.Length; i++)
        {
            float g = t.Gradients[i];
            t.First[i] = ((1 - s.Gain1) * t.First[i]) + (s.Gain1 * g);
            t.Second[i] = (s.Beta2 * t.Second[i]) + (s.Gain2 * g * g);
            double u = LambDirection(t, s, i);
            ofParameters += (double)t.Parameters[i] * t.Parameters[i];
            ofDirections += u * u;
        }

        double ratio = ofParameters == 0 || ofDirections == 0 ? 1 : Math.Sqrt(ofParameters) / Math.Sqrt(ofDirections);
        float step = (float)(s.RateInDouble * ratio);
        for (nuint i = 0; i < t.Length; i++)
        {
            t.Parameters[i] -= step * LambDirection(t, s, i);
        }
    }

    private static float LambDirection(in NativeTensor t, in KernelScalars s, nuint i) =>
        (s.Scale * t.First[i] / ((MathF.Sqrt(t.Second[i]) * s.RootScale) + s.Epsilon)) + (s.Decay * t.Parameters[i]);
}
