namespace Optimizers.Checkpoints;

/// <summary>
/// Something with state that belongs to a parameter set, such as an average. The set knows it, so that a save can report it
/// if nobody has added it to the checkpoint.
/// </summary>
internal interface IRunPart : ICheckpointed
{
    /// <summary>What a resumed run would lack without this part, in words for a report; null: nothing at present.</summary>
    string? LostIfNotSaved { get; }
}
