namespace Optimizers.Schedules;

/// <summary>A constant rate in each of several ranges of updates. You give the rates and the boundaries.</summary>
/// <remarks>
/// <code>
/// v(k) = Values[n], n: the number of boundaries that are at most k
/// </code>
/// <para>The first update uses the first value, unless 0 is a boundary. As in optax, a boundary is the index of the first
/// update with the next value; in Keras it is the index of the last update with the previous value. After the last boundary
/// the rate is constant. Two equal boundaries skip a value.</para>
/// </remarks>
public sealed record PiecewiseConstant : ILrSchedule, INamed
{
    private readonly ValueList<long> _boundaries;
    private readonly ValueList<double> _values;

    /// <summary>Creates the schedule.</summary>
    /// <param name="boundaries">The indices at which the rate changes, at least 0, in ascending order.</param>
    /// <param name="values">The rates, one more than there are boundaries. Finite, at least 0.</param>
    /// <exception cref="ArgumentException">The number of values is not the number of boundaries plus one.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public PiecewiseConstant(IReadOnlyList<long> boundaries, IReadOnlyList<double> values)
    {
        _boundaries = Curve.Indices(boundaries, anyOrder: false, nameof(boundaries));
        ArgumentNullException.ThrowIfNull(values);
        _values = new ValueList<double>(values);
        if (_values.Count != _boundaries.Count + 1)
        {
            throw new ArgumentException(
                $"{nameof(values)} must have one element more than {nameof(boundaries)}, but they have {_values.Count} and {_boundaries.Count}.",
                nameof(values));
        }

        foreach (double value in _values)
        {
            Require.NonNegative(value, nameof(values));
        }
    }

    /// <summary>The indices at which the rate changes.</summary>
    public IReadOnlyList<long> Boundaries => _boundaries;

    /// <summary>The rates.</summary>
    public IReadOnlyList<double> Values => _values;

    /// <inheritdoc/>
    public double At(long step)
    {
        Require.AtLeast(step, 0);
        return _values[Curve.CountUpTo(_boundaries, step)];
    }

    internal static NamedType Named { get; } = new NamedType<PiecewiseConstant>(new PiecewiseConstantContract());

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(PiecewiseConstant), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class PiecewiseConstantContract : JsonSerializerContext;
