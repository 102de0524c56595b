using System.Runtime.Intrinsics;

namespace Optimizers.Benchmarks;

/// <summary>Hand-written loops in C#, each for one optimizer and one vector width.</summary>
internal static unsafe class HandWritten
{
    public static void AdamW(in NativeTensor t, in KernelScalars s)
    {
        float* p = t.Parameters;
        float* g = t.Gradients;
        float* m = t.First;
        float* v = t.Second;
        Vector512<float> gain1 = Vector512.Create(s.Gain1);
        Vector512<float> beta2 = Vector512.Create(s.Beta2);
        Vector512<float> gain2 = Vector512.Create(s.Gain2);
        Vector512<float> stepSize = Vector512.Create(s.StepSize);
        Vector512<float> rootScale = Vector512.Create(s.RootScale);
        Vector512<float> epsilon = Vector512.Create(s.Epsilon);
        Vector512<float> factor = Vector512.Create(s.Factor);
        nuint stop = t.Length / 16 * 16;
        for (nuint i = 0; i < stop; i += 16)
        {
            Vector512<float> gi = Vector512.Load(g + i);
            Vector512<float> mi = Vector512.Load(m + i);
            Vector512<float> vi = Vector512.Load(v + i);
            mi += gain1 * (gi - mi);
            vi = (beta2 * vi) + (gain2 * gi * gi);
            Vector512<float> d = (Vector512.Sqrt(vi) * rootScale) + epsilon;
            Vector512<float> u = Vector512.ConditionalSelect(
                Vector512.Equals(d, Vector512<float>.Zero), Vector512<float>.Zero, stepSize * mi / d);
            ((Vector512.Load(p + i) * factor) - u).Store(p + i);
            Flush(mi).Store(m + i);
            Flush(vi).Store(v + i);
        }

        for (nuint i = stop; i < t.Length; i++)
        {
            float mi = m[i] + (s.Gain1 * (g[i] - m[i]));
            float vi = (s.Beta2 * v[i]) + (s.Gain2 * g[i] * g[i]);
            float d = (MathF.Sqrt(vi) * s.RootScale) + s.Epsilon;
            p[i] = (p[i] * s.Factor) - (d == 0 ? 0 : s.StepSize * mi / d);
            m[i] = MathF.Abs(mi) < 1.2e-37f ? 0 : mi;
            v[i] = MathF.Abs(vi) < 1.2e-37f ? 0 : vi;
        }
    }

    public static void Lion(in NativeTensor t, in KernelScalars s)
    {
        float* p = t.Parameters;
        float* g = t.Gradients;
        float* m = t.First;
        Vector512<float> rate = Vector512.Create(s.Rate);
        Vector512<float> beta1 = Vector512.Create(s.Beta1);
        Vector512<float> gain1 = Vector512.Create(s.Gain1);
        Vector512<float> beta2 = Vector512.Create(s.Beta2);
        Vector512<float> gain2 = Vector512.Create(s.Gain2);
        Vector512<float> zero = Vector512<float>.Zero;
        nuint stop = t.Length / 16 * 16;
        for (nuint i = 0; i < stop; i += 16)
        {
            Vector512<float> gi = Vector512.Load(g + i);
            Vector512<float> mi = Vector512.Load(m + i);
            Vector512<float> u = (beta1 * mi) + (gain1 * gi);
            Vector512<float> sign = Vector512.ConditionalSelect(
                Vector512.LessThan(zero, u),
                Vector512<float>.One,
                Vector512.ConditionalSelect(Vector512.LessThan(u, zero), Vector512.Create(-1f), zero));
            (Vector512.Load(p + i) - (rate * sign)).Store(p + i);
            ((beta2 * mi) + (gain2 * gi)).Store(m + i);
        }

        for (nuint i = stop; i < t.Length; i++)
        {
            float u = (s.Beta1 * m[i]) + (s.Gain1 * g[i]);
            p[i] -= s.Rate * (u > 0 ? 1 : u < 0 ? -1 : 0);
            m[i] = (s.Beta2 * m[i]) + (s.Gain2 * g[i]);
        }
    }

    private static Vector512<float> Flush(Vector512<float> value) => Vector512.ConditionalSelect(
        Vector512.LessThan(Vector512.Abs(value), Vector512.Create(1.2e-37f)), Vector512<float>.Zero, value);
}
