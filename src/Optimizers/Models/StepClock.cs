namespace Optimizers;

/// <summary>
/// Counts the steps of a plan, for all states that take part in it: so that a step need not visit each of them to make it
/// one update older.
/// </summary>
internal sealed class StepClock
{
    public long Steps { get; private set; }

    /// <summary>Whether a state that took part has been given another number of updates since.</summary>
    public bool Disturbed { get; private set; }

    public void Tick() => Steps++;

    public void Disturb() => Disturbed = true;
}
