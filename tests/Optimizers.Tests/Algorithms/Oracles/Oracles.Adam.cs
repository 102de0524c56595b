namespace Optimizers.Tests;

public static partial class Oracles
{
    public static OracleStep Adam(AdamOptions o) => ForEachElement((p, g, s, t, rate) =>
    {
        g = (o.Maximize ? -g : g) + o.WeightDecay * p;
        return p - rate * AdamDirection(g, s, t, o.Beta1, o.Beta2, o.Epsilon, o.AmsGrad);
    });

    public static OracleStep AdamW(AdamWOptions o) => ForEachElement((p, g, s, t, rate) =>
    {
        g = o.Maximize ? -g : g;
        return p - rate * o.WeightDecay * p - rate * AdamDirection(g, s, t, o.Beta1, o.Beta2, o.Epsilon, o.AmsGrad);
    });

    public static OracleStep SparseAdam(SparseAdamOptions o) => ForEachElement((p, g, s, t, rate) =>
    {
        g = o.Maximize ? -g : g;
        s.M = Average(o.Beta1, s.M, g);
        s.V = Average(o.Beta2, s.V, Square(g));
        double correction = Math.Sqrt(1 - Math.Pow(o.Beta2, t)) / (1 - Math.Pow(o.Beta1, t));
        return p - rate * correction * s.M / (Math.Sqrt(s.V) + o.Epsilon);
    });

    public static OracleStep RAdam(RAdamOptions o) => ForEachElement((p, g, s, t, rate) =>
    {
        g = (o.Maximize ? -g : g) + (o.DecoupledWeightDecay ? 0 : o.WeightDecay * p);
        p -= o.DecoupledWeightDecay ? rate * o.WeightDecay * p : 0;
        s.M = Average(o.Beta1, s.M, g);
        s.V = Average(o.Beta2, s.V, Square(g));
        double mean = s.M / (1 - Math.Pow(o.Beta1, t));
        double power = Math.Pow(o.Beta2, t);
        double limit = 2 / (1 - o.Beta2) - 1;
        double length = limit - 2 * t * power / (1 - power);
        if (length <= 5)
        {
            return p - rate * mean;
        }

        double rectification = Math.Sqrt((length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length));
        return p - rate * mean * rectification * Math.Sqrt(1 - power) / (Math.Sqrt(s.V) + o.Epsilon);
    });

    public static OracleStep Lamb(LambOptions o)
    {
        Memory[] memory = [];
        return (parameters, gradients, t, rate) =>
        {
            memory = t == 1 ? [.. parameters.Select(_ => new Memory())] : memory;
            double[] direction =
            [
                .. parameters.Select((p, i) => o.WeightDecay * p
                    + AdamDirection(gradients[i], memory[i], t, o.Beta1, o.Beta2, o.Epsilon, amsGrad: false)),
            ];
            double length = Math.Sqrt(parameters.Sum(Square));
            double stride = Math.Sqrt(direction.Sum(Square));
            double ratio = length == 0 || stride == 0 ? 1 : length / stride;
            for (int i = 0; i < parameters.Length; i++)
            {
                parameters[i] -= rate * ratio * direction[i];
            }
        };
    }

    private static double AdamDirection(
        double g, Memory s, long t, double beta1, double beta2, double epsilon, bool amsGrad)
    {
        s.M = Average(beta1, s.M, g);
        s.V = Average(beta2, s.V, Square(g));
        s.X = Math.Max(s.X, s.V);
        double second = (amsGrad ? s.X : s.V) / (1 - Math.Pow(beta2, t));
        return s.M / (1 - Math.Pow(beta1, t)) / (Math.Sqrt(second) + epsilon);
    }
}
