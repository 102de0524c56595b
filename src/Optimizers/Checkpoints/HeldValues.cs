namespace Optimizers.Checkpoints;

/// <summary>
/// Parameter sets whose values are read or written by a checkpoint at present: steps, swaps and other checkpoints of them are
/// refused until it is disposed of.
/// </summary>
internal readonly struct HeldValues : IDisposable
{
    private readonly IReadOnlyList<ParameterSet> _sets;

    /// <param name="sets">The sets.</param>
    /// <param name="reason">Why they are held, in the words of an exception.</param>
    /// <exception cref="InvalidOperationException">A set does not hold its own values. None is held then.</exception>
    public HeldValues(IReadOnlyList<ParameterSet> sets, string reason)
    {
        _sets = sets;
        foreach (ParameterSet set in sets)
        {
            set.ValueUse.RequireOwn();
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
