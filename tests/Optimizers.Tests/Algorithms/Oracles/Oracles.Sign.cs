namespace Optimizers.Tests;

public static partial class Oracles
{
    public static OracleStep SignSgd(SignSgdOptions o) => ForEachElement((p, g, _, _, rate) =>
        p - rate * Math.Sign(g + o.WeightDecay * p));

    public static OracleStep Signum(SignumOptions o) => ForEachElement((p, g, s, _, rate) =>
    {
        s.M = Average(o.Momentum, s.M, g + o.WeightDecay * p);
        return p - rate * Math.Sign(s.M);
    });

    public static OracleStep Rprop(RpropOptions o) => ForEachElement((p, g, s, t, rate) =>
    {
        double size = s.X != 0 ? s.X : (float)rate == 0 ? 0 : rate;
        if (size == 0)
        {
            return p;
        }

        g = o.Maximize ? -g : g;
        int agreement = Math.Sign(g) * Math.Sign(s.M);
        double factor = agreement > 0 ? o.EtaPlus : agreement < 0 ? o.EtaMinus : 1;
        s.X = Math.Clamp(size * factor, o.MinimumStep, o.MaximumStep);
        s.M = agreement < 0 ? 0 : g;
        return p - Math.Sign(s.M) * s.X;
    });
}
