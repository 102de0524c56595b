namespace AdamByHand;

/// <summary>One step of Adam, computed as on paper, in double precision.</summary>
/// <param name="T">The number of the step, counted from 1.</param>
/// <param name="G">The gradient, 2w.</param>
/// <param name="M">m, the running mean of the gradient.</param>
/// <param name="V">v, the running mean of the squared gradient.</param>
/// <param name="MHat">m after bias correction.</param>
/// <param name="VHat">v after bias correction.</param>
/// <param name="W">The parameter after the step.</param>
internal sealed record HandStep(int T, double G, double M, double V, double MHat, double VHat, double W)
{
    public const double Beta1 = 0.9;
    public const double Beta2 = 0.999;
    public const double Epsilon = 1e-8;

    /// <summary>Computes the steps for f(w) = w².</summary>
    public static IEnumerable<HandStep> All()
    {
        double w = Descent.Start;
        double m = 0;
        double v = 0;
        for (int t = 1; t <= Descent.Steps; t++)
        {
            double g = 2 * w;
            m = (Beta1 * m) + ((1 - Beta1) * g);
            v = (Beta2 * v) + ((1 - Beta2) * g * g);
            double mHat = m / Correction(Beta1, t);
            double vHat = v / Correction(Beta2, t);
            w -= Descent.LearningRate * mHat / (Math.Sqrt(vHat) + Epsilon);
            yield return new HandStep(t, g, m, v, mHat, vHat, w);
        }
    }

    /// <summary>
    /// The bias correction 1 − βᵗ: the total weight of the gradients in a running mean after t steps. The rest is the weight of the initial 0.
    /// </summary>
    public static double Correction(double beta, int t) => 1 - Math.Pow(beta, t);
}
