namespace Optimizers.Tests;

public static partial class Oracles
{
    public static OracleStep Sgd(SgdOptions o) => ForEachElement((p, g, _, _, rate) =>
        p - rate * ((o.Maximize ? -g : g) + o.WeightDecay * p));

    public static OracleStep Momentum(MomentumOptions o) => ForEachElement((p, g, s, t, rate) =>
    {
        g = (o.Maximize ? -g : g) + o.WeightDecay * p;
        s.V = o.Averaged ? Average(o.Momentum, s.V, g)
            : t == 1 ? g
            : o.Momentum * s.V + (1 - o.Dampening) * g;
        return p - rate * s.V;
    });

    public static OracleStep Nesterov(NesterovOptions o) => ForEachElement((p, g, s, _, rate) =>
    {
        g = (o.Maximize ? -g : g) + o.WeightDecay * p;
        s.V = o.Momentum * s.V + g;
        return p - rate * (g + o.Momentum * s.V);
    });

    public static OracleStep Lion(LionOptions o) => ForEachElement((p, g, s, _, rate) =>
    {
        double direction = Math.Sign(Average(o.Beta1, s.M, g));
        s.M = Average(o.Beta2, s.M, g);
        return p - rate * (direction + o.WeightDecay * p);
    });
}
