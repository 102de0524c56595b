namespace Optimizers.Tests;

public static partial class Oracles
{
    public static OracleStep Adamax(AdamaxOptions o) => ForEachElement((p, g, s, t, rate) =>
    {
        g = (o.Maximize ? -g : g) + o.WeightDecay * p;
        s.M = Average(o.Beta1, s.M, g);
        s.X = Math.Max(o.Beta2 * s.X, Math.Abs(g) + o.Epsilon);
        return p - rate / (1 - Math.Pow(o.Beta1, t)) * s.M / s.X;
    });

    public static OracleStep NAdam(NAdamOptions o) => ForEachElement((p, g, s, t, rate) =>
    {
        g = (o.Maximize ? -g : g) + (o.DecoupledWeightDecay ? 0 : o.WeightDecay * p);
        p -= o.DecoupledWeightDecay ? rate * o.WeightDecay * p : 0;
        s.M = Average(o.Beta1, s.M, g);
        s.V = Average(o.Beta2, s.V, Square(g));
        s.X = (t == 1 ? 1 : s.X) * MomentumAt(t);
        double divisor = Math.Sqrt(s.V / (1 - Math.Pow(o.Beta2, t))) + o.Epsilon;
        return p
            - rate * (1 - MomentumAt(t)) / (1 - s.X) * g / divisor
            - rate * MomentumAt(t + 1) / (1 - s.X * MomentumAt(t + 1)) * s.M / divisor;

        double MomentumAt(long step) => o.Beta1 * (1 - 0.5 * Math.Pow(0.96, step * o.MomentumDecay));
    });

    public static OracleStep AdaBelief(AdaBeliefOptions o) => ForEachElement((p, g, s, t, rate) =>
    {
        g += o.DecoupledWeightDecay ? 0 : o.WeightDecay * p;
        p -= o.DecoupledWeightDecay ? rate * o.WeightDecay * p : 0;
        s.M = Average(o.Beta1, s.M, g);
        s.V = Average(o.Beta2, s.V, Square(g - s.M)) + o.EpsilonRoot;
        return p - rate * Corrected(s.M, o.Beta1, t) / (Math.Sqrt(Corrected(s.V, o.Beta2, t)) + o.Epsilon);
    });

    public static OracleStep Yogi(YogiOptions o) => ForEachElement((p, g, s, t, rate) =>
    {
        g += o.WeightDecay * p;
        s.M = Average(o.Beta1, t == 1 ? o.InitialAccumulator : s.M, g);
        s.V = t == 1 ? o.InitialAccumulator : s.V;
        s.V -= (1 - o.Beta2) * Math.Sign(s.V - Square(g)) * Square(g);
        return p - rate * Corrected(s.M, o.Beta1, t) / (Math.Sqrt(Corrected(s.V, o.Beta2, t)) + o.Epsilon);
    });

    public static OracleStep Adan(AdanOptions o) => ForEachElement((p, g, s, t, rate) =>
    {
        double difference = t == 1 ? 0 : g - s.Y;
        s.Y = g;
        s.M = Average(o.Beta1, s.M, g);
        s.X = Average(o.Beta2, s.X, difference);
        s.V = Average(o.Beta3, s.V, Square(g + o.Beta2 * difference));
        double direction = (Corrected(s.M, o.Beta1, t) + o.Beta2 * Corrected(s.X, o.Beta2, t))
            / (Math.Sqrt(Corrected(s.V, o.Beta3, t) + o.EpsilonRoot) + o.Epsilon);
        return o.DecoupledWeightDecay
            ? p - rate * o.WeightDecay * p - rate * direction
            : (p - rate * direction) / (1 + rate * o.WeightDecay);
    });

    public static OracleStep AdEmaMix(AdEmaMixOptions o) => ForEachElement((p, g, s, t, rate) =>
    {
        double warmth = o.WarmupSteps == 0 ? 1 : Math.Min(1, (double)t / o.WarmupSteps);
        double beta3 = warmth == 1 ? o.Beta3
            : Math.Exp(1 / ((1 - warmth) / Math.Log(o.Beta1) + warmth / Math.Log(o.Beta3)));
        s.M = Average(o.Beta1, s.M, g);
        s.X = Average(beta3, s.X, g);
        s.V = Average(o.Beta2, s.V, Square(g));
        double direction = (Corrected(s.M, o.Beta1, t) + o.Alpha * warmth * s.X)
            / (Math.Sqrt(Corrected(s.V, o.Beta2, t)) + o.Epsilon);
        return p - rate * o.WeightDecay * p - rate * direction;
    });

    public static OracleStep Adopt(AdoptOptions o) => ForEachElement((p, g, s, t, rate) =>
    {
        g += o.WeightDecay * p;
        if (t == 1)
        {
            s.V = Square(g);
            return p;
        }

        double limit = o.Clipping ? Math.Pow(t - 1, 0.25) : double.PositiveInfinity;
        s.M = Average(o.Beta1, s.M, Math.Clamp(g / Math.Max(Math.Sqrt(s.V), o.Epsilon), -limit, limit));
        s.V = Average(o.Beta2, s.V, Square(g));
        return p - rate * s.M;
    });

    public static OracleStep ScheduleFreeAdamW(ScheduleFreeAdamWOptions o)
    {
        var weights = new Weights(o.WarmupSteps, o.R, o.WeightLrPower);
        return ForEachElement((p, g, s, t, rate) =>
        {
            (double warm, double c) = weights.At(t, rate);
            s.V = Average(o.Beta2, s.V, Square(g));
            double direction = g / (Math.Sqrt(Corrected(s.V, o.Beta2, t)) + o.Epsilon) + o.WeightDecay * p;
            return Interpolated(p, direction, s, t, warm, c, o.Beta1);
        });
    }

    private static double Corrected(double average, double beta, long t) => average / (1 - Math.Pow(beta, t));
}
