using System.Runtime.Intrinsics;

namespace Optimizers.Benchmarks;

/// <summary>Loops as one would write them by hand, for one optimizer and one vector width.</summary>
internal static unsafe class HandWritten
{
    public static void AdamW(Buffers b, in KernelOptions o)
    {
        float* p = b.Parameters;
        float* g = b.Gradients;
        float* m = b.First;
        float* v = b.Second;
        Vector512<float> gain1 = Vector512.Create(o.Gain1);
        Vector512<float> beta2 = Vector512.Create(o.Beta2);
        Vector512<float> gain2 = Vector512.Create(o.Gain2);
        Vector512<float> stepSize = Vector512.Create(o.StepSize);
        Vector512<float> rootScale = Vector512.Create(o.RootScale);
        Vector512<float> epsilon = Vector512.Create(o.Epsilon);
        Vector512<float> factor = Vector512.Create(o.Factor);
        nuint stop = (nuint)b.Length / 16 * 16;
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

        for (nuint i = stop; i < (nuint)b.Length; i++)
        {
            float mi = m[i] + (o.Gain1 * (g[i] - m[i]));
            float vi = (o.Beta2 * v[i]) + (o.Gain2 * g[i] * g[i]);
            float d = (MathF.Sqrt(vi) * o.RootScale) + o.Epsilon;
            p[i] = (p[i] * o.Factor) - (d == 0 ? 0 : o.StepSize * mi / d);
            m[i] = MathF.Abs(mi) < 1.2e-37f ? 0 : mi;
            v[i] = MathF.Abs(vi) < 1.2e-37f ? 0 : vi;
        }
    }

    public static void Lion(Buffers b, in KernelOptions o)
    {
        float* p = b.Parameters;
        float* g = b.Gradients;
        float* m = b.First;
        Vector512<float> rate = Vector512.Create(o.Rate);
        Vector512<float> beta1 = Vector512.Create(o.Beta1);
        Vector512<float> gain1 = Vector512.Create(o.Gain1);
        Vector512<float> beta2 = Vector512.Create(o.Beta2);
        Vector512<float> gain2 = Vector512.Create(o.Gain2);
        Vector512<float> zero = Vector512<float>.Zero;
        nuint stop = (nuint)b.Length / 16 * 16;
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

        for (nuint i = stop; i < (nuint)b.Length; i++)
        {
            float u = (o.Beta1 * m[i]) + (o.Gain1 * g[i]);
            p[i] -= o.Rate * (u > 0 ? 1 : u < 0 ? -1 : 0);
            m[i] = (o.Beta2 * m[i]) + (o.Gain2 * g[i]);
        }
    }

    /// <summary>What a first attempt looks like.</summary>
    public static void ScalarAdamW(Buffers b, in KernelOptions o)
    {
        for (int i = 0; i < b.Length; i++)
        {
            float g = b.Gradients[i];
            b.First[i] = (o.Beta1 * b.First[i]) + (o.Gain1 * g);
            b.Second[i] = (o.Beta2 * b.Second[i]) + (o.Gain2 * g * g);
            b.Parameters[i] = (b.Parameters[i] * o.Factor)
                - (o.StepSize * b.First[i] / ((MathF.Sqrt(b.Second[i]) * o.RootScale) + o.Epsilon));
        }
    }

    private static Vector512<float> Flush(Vector512<float> value) => Vector512.ConditionalSelect(
        Vector512.LessThan(Vector512.Abs(value), Vector512.Create(1.2e-37f)), Vector512<float>.Zero, value);
}
