namespace Optimizers.Tests;

public static partial class Oracles
{
    public static OracleStep AdaGrad(AdaGradOptions o) => ForEachElement((p, g, s, t, rate) =>
    {
        g = (o.Maximize ? -g : g) + o.WeightDecay * p;
        s.V = (t == 1 ? o.InitialAccumulator : s.V) + Square(g);
        return p - rate / (1 + (t - 1) * o.LearningRateDecay) * g / (Math.Sqrt(s.V) + o.Epsilon);
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
