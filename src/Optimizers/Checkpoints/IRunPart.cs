namespace Optimizers.Checkpoints;

/// <summary>
/// An object with state that belongs to a parameter set, such as an average. The set has a reference to it, so a save can report that
/// it is missing from the checkpoint.
/// </summary>
internal interface IRunPart : ICheckpointed
{
    /// <summary>The state that a resumed run would lack without this part, as text for a report; null if there is none now.</summary>
    string? LostIfNotSaved { get; }
}
