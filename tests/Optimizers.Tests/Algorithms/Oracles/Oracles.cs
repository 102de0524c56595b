namespace Optimizers.Tests;

/// <summary>Update number t (from 1) of a whole tensor, in double and in place.</summary>
public delegate void OracleStep(double[] parameters, double[] gradients, long t, double rate);

/// <summary>A second implementation of the optimizers, as simple as possible, written from Golden/semantics-*.md.</summary>
public static partial class Oracles
{
    /// <summary>Performs update number t of one element and returns the parameter.</summary>
    private delegate double ElementStep(double p, double g, Memory s, long t, double rate);

    private static OracleStep ForEachElement(ElementStep step)
    {
        Memory[] memory = [];
        return (parameters, gradients, t, rate) =>
        {
            memory = t == 1 ? [.. parameters.Select(_ => new Memory())] : memory;
            for (int i = 0; i < parameters.Length; i++)
            {
                parameters[i] = step(parameters[i], gradients[i], memory[i], t, rate);
            }
        };
    }

    private static double Average(double weight, double average, double value) => weight * average + (1 - weight) * value;

    private static double Square(double value) => value * value;

    /// <summary>The state of an element: a first moment, a second moment, and two more numbers.</summary>
    private sealed class Memory
    {
        public double M;
        public double V;
        public double X;
        public double Y;
    }
}
