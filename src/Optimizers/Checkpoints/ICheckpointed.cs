namespace Optimizers.Checkpoints;

/// <summary>
/// Something that a checkpoint can hold: it lists everything that a resumed run needs to go on with the same bits. Saving
/// reads what is listed; loading compares the list with the file, and only then writes to what is listed.
/// </summary>
public interface ICheckpointed
{
    /// <summary>Lists what there is, by name. Nothing is read or written yet.</summary>
    /// <param name="contents">Takes the list.</param>
    void Describe(CheckpointManifest contents);
}
