using System.Runtime.InteropServices;

namespace Optimizers;

/// <summary>A named tensor of a <see cref="ParameterSet"/>: its values and its gradients, both row-major.</summary>
public sealed unsafe class Parameter
{
    private readonly ParameterSet _set;
    private readonly float* _values;
    private readonly float* _gradients;
    private readonly int[] _shape;
    private BFloat16[]? _roundedCopy;

    internal Parameter(ParameterSet set, string name, int[] shape, int length, float* values, float* gradients)
    {
        _set = set;
        _shape = shape;
        _values = values;
        _gradients = gradients;
        Name = name;
        Length = length;
    }

    /// <summary>The name, unique in its set.</summary>
    public string Name { get; }

    /// <summary>The length of each dimension; none for a scalar.</summary>
    public IReadOnlyList<int> Shape => Array.AsReadOnly(_shape);

    /// <summary>The number of elements.</summary>
    public int Length { get; }

    /// <summary>
    /// The values, which steps update in place. The span is valid as long as the set is reachable and not disposed.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public Span<float> Values => new(_set.Alive(_values), Length);

    /// <summary>
    /// The gradients, which you write before each step. The span is valid as long as the set is reachable and not disposed.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public Span<float> Gradients => new(_set.Alive(_gradients), Length);

    /// <summary>
    /// Whether there is a gradient for the next steps. Without one the parameter neither moves, decays nor ages, and does
    /// not count in the norm; a gradient of zero, in contrast, is a gradient. Default true; it stays as you set it.
    /// </summary>
    public bool HasGradient
    {
        get;
        set
        {
            _set.Revision += field == value ? 0 : 1;
            field = value;
        }
    } = true;

    /// <summary>
    /// The values rounded to bfloat16, for a forward pass that computes with that. Empty unless
    /// <see cref="KeepBFloat16Copy"/> was called; steps keep it up to date in the pass in which they move the values.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public ReadOnlySpan<BFloat16> BFloat16Values
    {
        get
        {
            _set.Alive(_values);
            return _roundedCopy;
        }
    }

    /// <summary>
    /// Makes <see cref="BFloat16Values"/>, two bytes per element, or brings it up to date after you have changed values
    /// yourself.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public void KeepBFloat16Copy()
    {
        ReadOnlySpan<float> values = Values;
        if (_roundedCopy is null)
        {
            _roundedCopy = GC.AllocateUninitializedArray<BFloat16>(Length, pinned: true);
            _set.Revision++;
        }

        for (int i = 0; i < values.Length; i++)
        {
            _roundedCopy[i] = BFloat16.Round(values[i]);
        }
    }

    /// <summary>The shape, for whoever may not allocate.</summary>
    internal ReadOnlySpan<int> Dimensions => _shape;

    // Pinned for as long as the parameter lives.
    internal BFloat16* RoundedCopyAddress =>
        _roundedCopy is null ? null : (BFloat16*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_roundedCopy));

    internal float* ValuesAddress => _values;

    internal float* GradientsAddress => _gradients;

    /// <inheritdoc/>
    public override string ToString() => $"{Name} [{string.Join(", ", _shape)}]";
}
