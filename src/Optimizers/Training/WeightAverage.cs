namespace Optimizers.Training;

/// <summary>The arithmetic mean of the weights after selected steps: stochastic weight averaging (SWA).</summary>
/// <remarks>
/// <para>Izmailov et al. 2018, arXiv 1803.05407, algorithm 1.</para>
/// <code>
/// a ← a + (p − a)/(n + 1), after n updates of this parameter; the first copies p
/// </code>
/// <para>This is PyTorch's form. Keep the learning rate constant or cyclic while averaging, as the paper does: with a rate near 0 all
/// averaged weights are the same. Batch normalisation statistics belong to the weights that they were measured with: measure
/// them again with the averages swapped in.</para>
/// <para>State: 4 bytes per parameter. Gradients are not used. A NaN in the weights stays in the average of that element until
/// <see cref="AveragedWeights.Reset"/>. An infinite weight that does not change is kept.</para>
/// </remarks>
public sealed class WeightAverage : AveragedWeights
{
    /// <summary>Makes an average of all parameters of a set.</summary>
    /// <param name="parameters">The set; parameters may be added to it later.</param>
    /// <param name="options">The options; null: the defaults.</param>
    /// <exception cref="ArgumentNullException">The set is null.</exception>
    /// <exception cref="ArgumentException">An option is out of its range; the message names it.</exception>
    public WeightAverage(ParameterSet parameters, WeightAverageOptions? options = null)
        : this(parameters, options ?? new(), widestLane: 0)
    {
    }

    internal WeightAverage(ParameterSet parameters, WeightAverageOptions options, int widestLane)
        : base(parameters, update => 1.0 / update, options.FirstStep, options.Interval, options.Threads, widestLane)
    {
    }
}
