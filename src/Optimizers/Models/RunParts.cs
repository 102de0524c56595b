using System.Collections;

namespace Optimizers;

/// <summary>The averages and wrappers of a parameter set that other code still refers to.</summary>
internal sealed class RunParts : IEnumerable<IRunPart>
{
    private readonly List<WeakReference<IRunPart>> _parts = [];

    /// <summary>Adds a part.</summary>
    public void Add(IRunPart part)
    {
        _parts.RemoveAll(reference => !reference.TryGetTarget(out _));
        _parts.Add(new WeakReference<IRunPart>(part));
    }

    /// <summary>The parts that are still in use.</summary>
    public IEnumerator<IRunPart> GetEnumerator()
    {
        foreach (WeakReference<IRunPart> reference in _parts)
        {
            if (reference.TryGetTarget(out IRunPart? part))
            {
                yield return part;
            }
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
