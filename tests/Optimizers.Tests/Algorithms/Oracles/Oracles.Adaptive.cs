namespace Optimizers.Tests;

public static partial class Oracles
{
    public static OracleStep AdaGrad(AdaGradOptions o) => ForEachElement((p, g, s, t, rate) =>
    {
        g = (o.Maximize ? -g : g) + o.WeightDecay * p;
        s.V = (t == 1 ? o.InitialAccumulator : s.V) + Square(g);
        return p - rate / (1 + (t - 1) * o.LearningRateDecay) * g / (Math.Sqrt(s.V) + o.Epsilon);
    });

    public static OracleStep AdaDelta(AdaDeltaOptions o) => ForEachElement((p, g, s, _, rate) =>
    {
        g = (o.Maximize ? -g : g) + o.WeightDecay * p;
        s.V = Average(o.Rho, s.V, Square(g));
        double move = Math.Sqrt(s.X + o.Epsilon) / Math.Sqrt(s.V + o.Epsilon) * g;
        s.X = Average(o.Rho, s.X, Square(move));
        return p - rate * move;
    });

    public static OracleStep Ftrl(FtrlOptions o) => ForEachElement((p, g, s, t, rate) =>
    {
        double before = t == 1 ? o.InitialAccumulator : s.V;
        s.V = before + Square(g);
        double root = Math.Pow(s.V, -o.LearningRatePower);
        s.M += g - (root - Math.Pow(before, -o.LearningRatePower)) / rate * p;
        return Math.Abs(s.M) <= o.L1 ? 0 : (Math.Sign(s.M) * o.L1 - s.M) / ((o.Beta + root) / rate + o.L2);
    });

    public static OracleStep RmsProp(RmsPropOptions o) => ForEachElement((p, g, s, _, rate) =>
    {
        g = (o.Maximize ? -g : g) + o.WeightDecay * p;
        s.V = Average(o.Rho, s.V, Square(g));
        s.M = Average(o.Rho, s.M, g);
        double mean = o.Centered ? s.V - Square(s.M) : s.V;
        double divisor = o.EpsilonInsideSquareRoot ? Math.Sqrt(mean + o.Epsilon) : Math.Sqrt(mean) + o.Epsilon;
        s.X = o.Momentum * s.X + g / divisor;
        return p - rate * s.X;
    });
}
