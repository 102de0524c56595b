namespace Optimizers.Tests;

/// <content>The optimizers whose step depends on sums over the tensor.</content>
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

    public static OracleStep Adafactor(AdafactorOptions o)
    {
        double[] rowMeans = [];
        double[] columnMeans = [];
        double[] moment = [];
        return (parameters, gradients, t, rate) =>
        {
            int[] shape = Catalogue.ShapeFor(o, parameters.Length);
            int columns = shape[^1];
            int rows = parameters.Length / columns;
            if (t == 1)
            {
                (rowMeans, columnMeans, moment) = (new double[rows], new double[columns], new double[parameters.Length]);
            }

            double[] g = Array.ConvertAll(gradients, gradient => o.Maximize ? -gradient : gradient);
            double[] squares = Array.ConvertAll(g, Square);
            double keep = 1 - Math.Pow(t, o.Beta2Decay);
            double floor = o.Epsilon1 ?? Math.Pow(2, -23);
            for (int row = 0; row < rows; row++)
            {
                rowMeans[row] = Average(keep, rowMeans[row], Enumerable.Range(0, columns).Average(column => squares[(row * columns) + column]));
            }

            for (int column = 0; column < columns; column++)
            {
                columnMeans[column] = Average(keep, columnMeans[column], Enumerable.Range(0, rows).Average(row => squares[(row * columns) + column]));
            }

            double meanOfRows = rowMeans.Average();
            double[] direction = new double[g.Length];
            for (int i = 0; i < g.Length; i++)
            {
                moment[i] = shape.Length > 1
                    ? rowMeans[i / columns] * columnMeans[i % columns] / Math.Max(meanOfRows, floor)
                    : Average(keep, moment[i], squares[i]);
                direction[i] = g[i] / Math.Sqrt(Math.Max(moment[i], floor * floor));
            }

            double size = Math.Max(o.Epsilon2, Math.Sqrt(parameters.Average(Square))) * Math.Min(rate, 1 / Math.Sqrt(t));
            double excess = Math.Max(1, Math.Sqrt(direction.Average(Square)) / o.ClipThreshold);
            for (int i = 0; i < g.Length; i++)
            {
                parameters[i] = (parameters[i] * (1 - (rate * o.WeightDecay))) - (size / excess * direction[i]);
            }
        };
    }

    public static OracleStep Muon(MuonOptions o)
    {
        double[] average = [];
        return (parameters, gradients, t, rate) =>
        {
            int[] shape = Catalogue.ShapeFor(o, parameters.Length);
            average = t == 1 ? new double[parameters.Length] : average;
            for (int i = 0; i < average.Length; i++)
            {
                average[i] = Average(o.Momentum, average[i], gradients[i]);
            }

            double[] u = [.. gradients.Zip(average, (g, b) => o.Nesterov ? Average(o.Momentum, b, g) : b)];
            double norm = Math.Max(Math.Sqrt(u.Sum(Square)), o.Epsilon);
            var x = new double[shape[0], shape[1]];
            for (int i = 0; i < u.Length; i++)
            {
                x[i / shape[1], i % shape[1]] = u[i] / norm;
            }

            for (int step = 0; step < o.NewtonSchulzSteps; step++)
            {
                // (XXᵀ)X = X(XᵀX), so it does not matter which side is shorter.
                double[,] cubic = Product(Product(x, Transposed(x)), x);
                double[,] quintic = Product(Product(x, Transposed(x)), cubic);
                for (int i = 0; i < u.Length; i++)
                {
                    (int row, int column) = (i / shape[1], i % shape[1]);
                    x[row, column] = (3.4445 * x[row, column]) - (4.7750 * cubic[row, column]) + (2.0315 * quintic[row, column]);
                }
            }

            double adjustment = o.RateAdjustment == RateAdjustment.Original
                ? Math.Sqrt(Math.Max(1, (double)shape[0] / shape[1]))
                : 0.2 * Math.Sqrt(Math.Max(shape[0], shape[1]));
            for (int i = 0; i < u.Length; i++)
            {
                parameters[i] = (parameters[i] * (1 - (rate * o.WeightDecay)))
                    - (rate * adjustment * x[i / shape[1], i % shape[1]]);
            }
        };
    }

    private static double[,] Product(double[,] left, double[,] right)
    {
        var product = new double[left.GetLength(0), right.GetLength(1)];
        for (int i = 0; i < left.GetLength(0); i++)
        {
            for (int j = 0; j < right.GetLength(1); j++)
            {
                for (int k = 0; k < left.GetLength(1); k++)
                {
                    product[i, j] += left[i, k] * right[k, j];
                }
            }
        }

        return product;
    }

    private static double[,] Transposed(double[,] matrix)
    {
        var transposed = new double[matrix.GetLength(1), matrix.GetLength(0)];
        for (int i = 0; i < matrix.GetLength(0); i++)
        {
            for (int j = 0; j < matrix.GetLength(1); j++)
            {
                transposed[j, i] = matrix[i, j];
            }
        }

        return transposed;
    }

    public static OracleStep Prodigy(ProdigyOptions o)
    {
        Memory[] memory = [];
        double d = 0, largest = 0, numerator = 0;
        return (parameters, gradients, t, rate) =>
        {
            if (t == 1)
            {
                memory = [.. parameters.Select(p => new Memory { Y = p })];
                (d, largest, numerator) = (o.InitialD, o.InitialD, 0);
            }

            double keep = o.Beta3 ?? Math.Sqrt(o.Beta2);
            double correction = o.BiasCorrection ? Math.Sqrt(1 - Math.Pow(o.Beta2, t)) / (1 - Math.Pow(o.Beta1, t)) : 1;
            double step = d * rate * correction;
            double product = 0;
            for (int i = 0; i < memory.Length; i++)
            {
                double g = gradients[i] + (o.DecoupledWeightDecay ? 0 : o.WeightDecay * parameters[i]);
                Memory s = memory[i];
                product += g * (s.Y - parameters[i]);
                s.M = (o.Beta1 * s.M) + (d * (1 - o.Beta1) * g);
                s.V = (o.Beta2 * s.V) + (d * d * (1 - o.Beta2) * g * g);
                s.X = (keep * s.X) + (d / o.InitialD * (o.SafeguardWarmup ? d : step) * g);
            }

            numerator = (keep * numerator) + (d / o.InitialD * step * product);
            double estimate = o.DCoefficient * numerator / memory.Sum(s => Math.Abs(s.X));
            d = d == o.InitialD ? Math.Max(d, estimate) : d;
            largest = Math.Max(largest, estimate);
            d = Math.Min(largest, d * (o.GrowthRate ?? double.PositiveInfinity));
            for (int i = 0; i < memory.Length; i++)
            {
                double decay = o.DecoupledWeightDecay ? o.WeightDecay * step : 0;
                parameters[i] = (parameters[i] * (1 - decay)) - (step * memory[i].M / (Math.Sqrt(memory[i].V) + (d * o.Epsilon)));
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
