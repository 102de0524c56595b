using System.Collections;

namespace Optimizers;

/// <summary>The averages and wrappers of a parameter set, for as long as other code refers to them.</summary>
internal sealed class RunParts : IEnumerable<IRunPart>
{
    private readonly List<WeakReference<IRunPart>> _parts = [];

    /// <summary>Remembers a part.</summary>
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
