namespace Optimizers.Tests;

/// <content>Those whose step depends on sums over the tensor.</content>
public static partial class Oracles
{
    public static OracleStep Lars(LarsOptions o)
    {
        double[] velocity = [];
        return (parameters, gradients, t, rate) =>
        {
            velocity = t == 1 ? new double[parameters.Length] : velocity;
            double[] direction = [.. gradients.Zip(parameters, (g, p) => g + (o.WeightDecay * p))];
            double length = Math.Sqrt(parameters.Sum(Square));
            double stride = Math.Sqrt(direction.Sum(Square));
            double ratio = length == 0 || stride == 0 ? 1 : o.TrustCoefficient * length / (stride + o.Epsilon);
            for (int i = 0; i < parameters.Length; i++)
            {
                double step = rate * ratio * direction[i];
                velocity[i] = (o.Momentum * velocity[i]) + step;
                parameters[i] -= o.Nesterov ? step + (o.Momentum * velocity[i]) : velocity[i];
            }
        };
    }

    public static OracleStep NovoGrad(NovoGradOptions o)
    {
        double[] moment = [];
        double norm = 0;
        return (parameters, gradients, t, rate) =>
        {
            moment = t == 1 ? new double[parameters.Length] : moment;
            norm = t == 1 ? gradients.Sum(Square) : Average(o.Beta2, norm, gradients.Sum(Square));
            for (int i = 0; i < parameters.Length; i++)
            {
                double direction = (gradients[i] / (Math.Sqrt(norm) + o.Epsilon)) + (o.WeightDecay * parameters[i]);
                moment[i] = t == 1 ? direction : (o.Beta1 * moment[i]) + direction;
                parameters[i] -= rate * moment[i];
            }
        };
    }
}
