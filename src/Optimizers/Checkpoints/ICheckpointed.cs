namespace Optimizers.Checkpoints;

/// <summary>
/// An object that a checkpoint can save and load. It lists everything that a resumed run needs to continue with the same bits. A save
/// reads the listed memory. A load compares the list with the file, and writes to the listed memory only after that.
/// </summary>
public interface ICheckpointed
{
    /// <summary>Lists the contents by name. It only describes them: the checkpoint reads and writes them later.</summary>
    /// <param name="contents">The list to add to.</param>
    void Describe(CheckpointManifest contents);
}
