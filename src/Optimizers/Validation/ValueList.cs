using System.Collections;

namespace Optimizers;

/// <summary>An immutable copy of a list, for use in records. Two lists with equal elements are equal.</summary>
internal sealed class ValueList<T>(IEnumerable<T> elements) : IReadOnlyList<T>
{
    private readonly T[] _elements = [.. elements];

    public int Count => _elements.Length;

    public ReadOnlySpan<T> Span => _elements;

    public T this[int index] => _elements[index];

    public IEnumerator<T> GetEnumerator() => ((IEnumerable<T>)_elements).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override bool Equals(object? obj) => obj is ValueList<T> other && _elements.SequenceEqual(other._elements);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (T element in _elements)
        {
            hash.Add(element);
        }

        return hash.ToHashCode();
    }

    public override string ToString() => $"[{string.Join(", ", _elements)}]";
}
