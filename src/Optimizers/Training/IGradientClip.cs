namespace Optimizers.Training;

/// <summary>
/// How the gradients of a model are bounded before the update. Give one to <see cref="ModelOptimizerOptions.Clip"/>; each also
/// clips buffers in place, without a model.
/// </summary>
/// <remarks>
/// A clip says what of each it wants: a factor for all gradients by their norm, a factor for each tensor by its own norm, a
/// limit for each element, or to rewrite the gradients of a tensor before anything is measured by the update.
/// </remarks>
public interface IGradientClip
{
    /// <summary>The norm that the factors are made of.</summary>
    internal Norm Norm => Norm.Euclidean;

    /// <summary>Whether <see cref="FactorOfAll"/> wants the norm of all gradients together.</summary>
    internal bool MeasuresAll => false;

    /// <summary>Whether <see cref="FactorOfEach"/> wants the norm of each tensor.</summary>
    internal bool MeasuresEach => false;

    /// <summary>Whether <see cref="Rewrite"/> is to be called.</summary>
    internal bool Rewrites => false;

    /// <summary>The largest magnitude that an element may have.</summary>
    internal float Limit => float.PositiveInfinity;

    /// <summary>What all gradients are multiplied by, whose norm together is this.</summary>
    internal double FactorOfAll(double norm) => 1;

    /// <summary>What the gradients of a tensor are multiplied by, whose norm is this.</summary>
    internal double FactorOfEach(double norm) => 1;

    /// <summary>Refuses a parameter that cannot be clipped so.</summary>
    internal void Check(Parameter parameter, string argument)
    {
    }

    /// <summary>Clips the gradients of a tensor where they lie.</summary>
    internal void Rewrite(Parameter parameter, double lossScale)
    {
    }
}
