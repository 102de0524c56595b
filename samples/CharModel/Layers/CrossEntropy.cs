using System.Numerics;
using System.Numerics.Tensors;
using Optimizers.Schedules;

namespace CharModel;

/// <summary>The mean of −log softmax(scores)[target] over the characters of a sequence.</summary>
internal sealed class CrossEntropy<T>(int columns)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly Softmax<T> _softmax = new(columns, causal: false);

    /// <summary>Computes the loss, and overwrites the scores with their softmax.</summary>
    public double Forward(Matrix<T> scores, ReadOnlySpan<int> targets)
    {
        _softmax.Shift(scores);
        double loss = 0;
        for (int t = 0; t < targets.Length; t++)
        {
            loss -= double.CreateChecked(scores[targets[t]][t]);
        }

        ReadOnlySpan<T> sums = _softmax.Exponentiate(scores);
        for (int t = 0; t < targets.Length; t++)
        {
            loss += Math.Log(double.CreateChecked(sums[t]));
        }

        return loss / targets.Length;
    }

    /// <summary>Overwrites the softmax with the gradient of the loss with respect to the scores, times a weight.</summary>
    public static void Backward(Matrix<T> softmax, ReadOnlySpan<int> targets, double weight)
    {
        for (int t = 0; t < targets.Length; t++)
        {
            softmax[targets[t]][t] -= T.One;
        }

        T factor = T.CreateChecked(weight / targets.Length);
        for (int r = 0; r < softmax.Rows; r++)
        {
            TensorPrimitives.Multiply(softmax[r], factor, softmax[r]);
        }
    }
}
