namespace Optimizers.Tests;

public static partial class Oracles
{
    // The field X contains z, and the field Y contains x.
    private static double Interpolated(double p, double direction, Memory s, long t, double rate, double c, double beta)
    {
        (s.X, s.Y) = t == 1 ? (p, p) : (s.X, s.Y);
        s.X -= rate * direction;
        s.Y = (1 - c) * s.Y + c * s.X;
        return (1 - beta) * s.X + beta * s.Y;
    }

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

    public static OracleStep Asgd(AsgdOptions o) => ForEachElement((p, g, s, t, rate) =>
    {
        g = (o.Maximize ? -g : g) + o.WeightDecay * p;
        double used = t == 1 ? rate : s.X;
        s.X = rate / Math.Pow(1 + o.Lambda * rate * t, o.Alpha);
        return p - used * o.Lambda * p - used * g;
    });

    public static OracleStep ScheduleFreeSgd(ScheduleFreeSgdOptions o)
    {
        var weights = new Weights(o.WarmupSteps, o.R, o.WeightLrPower);
        return ForEachElement((p, g, s, t, rate) =>
        {
            (double warm, double c) = weights.At(t, rate);
            return Interpolated(p, g + o.WeightDecay * p, s, t, warm, c, o.Momentum);
        });
    }

    public static OracleStep Lion(LionOptions o) => ForEachElement((p, g, s, _, rate) =>
    {
        double direction = Math.Sign(Average(o.Beta1, s.M, g));
        s.M = Average(o.Beta2, s.M, g);
        return p - rate * (direction + o.WeightDecay * p);
    });

    public static OracleStep Sophia(SophiaOptions o) => ForEachElement((p, g, s, _, rate) =>
    {
        s.M = Average(o.Beta1, s.M, g);
        double direction = s.M == 0 ? 0 : Math.Clamp(s.M / Math.Max(o.Gamma * s.V, o.Epsilon), -1, 1);
        return p - rate * (direction + o.WeightDecay * p);
    });

    /// <summary>The weight of a schedule-free average, computed at the first element of each update.</summary>
    private sealed class Weights(long warmup, double r, double power)
    {
        private double _sum;
        private double _largest;
        private (long Step, double Rate, double Share) _last;

        public (double Rate, double Share) At(long t, double rate)
        {
            if (_last.Step != t)
            {
                double warm = rate * (warmup == 0 ? 1 : Math.Min(1, (double)t / warmup));
                _largest = Math.Max(_largest, warm);
                double weight = Math.Pow(t, r) * Math.Pow(_largest, power);
                _sum += weight;
                _last = (t, warm, weight / _sum);
            }

            return (_last.Rate, _last.Share);
        }
    }
}
