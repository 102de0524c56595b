namespace Optimizers.Training;

/// <summary>
/// A second set of weights, averaged over the steps of a run: <see cref="ExponentialMovingAverage"/> or
/// <see cref="WeightAverage"/>. Such weights often generalise better than the last ones.
/// </summary>
/// <remarks>
/// <para>All parameters of the set are averaged, frozen ones and ones without a gradient too. A parameter that is added to the
/// set joins at the next update, which copies it, and has its own count from there.</para>
/// <para>An instance is used by one thread at a time, and uses several itself; the result is the same bits in any case.</para>
/// </remarks>
public interface IWeightAverage : ICheckpointed
{
    /// <summary>The parameters that are averaged.</summary>
    ParameterSet Parameters { get; }

    /// <summary>The number of steps that <see cref="Update"/> was told of.</summary>
    long StepCount { get; }

    /// <summary>The number of times that weights were added to the average.</summary>
    long UpdateCount { get; }

    /// <summary>The memory that the averages take, in bytes: four for every parameter.</summary>
    long StateBytes { get; }

    /// <summary>The average of a parameter, as it is now; later updates show in it.</summary>
    /// <param name="name">The parameter's name.</param>
    /// <exception cref="ArgumentException">There is no average of a parameter of that name yet.</exception>
    ReadOnlySpan<float> this[string name] { get; }

    /// <summary>
    /// Takes note of a step that was applied, and adds the weights to the average if it is the turn of that step.
    /// </summary>
    /// <exception cref="InvalidOperationException">The parameters do not hold their own values at present, or another thread is
    /// at work. Nothing has changed then.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    void Update();

    /// <summary>
    /// Puts the averages in the place of the weights, for evaluation, until what it returns is disposed of. They change
    /// places, so it takes no memory, and every bit comes back. Parameters that have no average yet stay as they are. Steps,
    /// updates and checkpoints are refused meanwhile.
    /// </summary>
    /// <exception cref="InvalidOperationException">The parameters do not hold their own values already.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    /// <example>
    /// <code>
    /// using (average.SwapIn())
    /// {
    ///     Console.WriteLine(Evaluate());
    /// }
    /// </code>
    /// </example>
    IDisposable SwapIn();

    /// <summary>
    /// Copies the averages into parameters of the same names and shapes: another set, or the averaged one, to keep them for
    /// good. What has no average yet is copied as it is.
    /// </summary>
    /// <param name="target">The set; it may have other parameters too.</param>
    /// <exception cref="ArgumentException">A parameter is missing in the target or has another shape. Nothing has changed
    /// then.</exception>
    /// <exception cref="InvalidOperationException">The parameters of a set do not hold their own values at present.</exception>
    void CopyTo(ParameterSet target);

    /// <summary>Forgets everything: as before the first step.</summary>
    /// <exception cref="InvalidOperationException">The parameters do not hold their own values at present.</exception>
    void Reset();
}
