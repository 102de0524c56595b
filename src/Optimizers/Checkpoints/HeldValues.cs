namespace Optimizers.Checkpoints;

/// <summary>
/// Marks parameter sets whose values a checkpoint reads or writes. Steps, swaps and other checkpoints of these sets throw until it
/// is disposed.
/// </summary>
internal readonly struct HeldValues : IDisposable
{
    private readonly IReadOnlyList<ParameterSet> _sets;

    /// <param name="sets">The sets.</param>
    /// <param name="reason">Why the sets are in use, as a sentence for an exception.</param>
    /// <exception cref="InvalidOperationException">The values of a set are temporarily replaced. No set is marked
    /// then.</exception>
    public HeldValues(IReadOnlyList<ParameterSet> sets, string reason)
    {
        _sets = sets;
        foreach (ParameterSet set in sets)
        {
            set.ValueUse.RequireFree();
        }

        foreach (ParameterSet set in sets)
        {
            set.ValueUse.HeldBecause = reason;
        }
    }

    public void Dispose()
    {
        foreach (ParameterSet set in _sets)
        {
            set.ValueUse.HeldBecause = null;
        }
    }
}
