using System.Numerics.Tensors;

namespace Optimizers.Training;

/// <summary>
/// Adaptive gradient clipping (AGC): limits the gradient norm of each unit to a fraction of the norm of the unit's own weights.
/// </summary>
/// <remarks>
/// <para>Brock, De, Smith &amp; Simonyan 2021, arXiv 2102.06171, section 4.1, in optax's form:</para>
/// <code>
/// M = Clipping·max(‖p‖, Epsilon), norms over the elements of a unit
/// where ‖g‖ ≥ M: g ← g·M/max(‖g‖, 1e-6)
/// </code>
/// <para>The norms are sums over <see cref="Axis"/>, and each remaining index is one unit. In a matrix a unit is a column with Axis 0
/// and a row with Axis 1. Matrices of shape outputs × inputs, as in PyTorch, hold the weights of one neuron in a row: use Axis 1 for
/// them. A tensor with fewer than two dimensions is one unit. An embedding table has gradients of some rows only, so its units
/// must be rows: Axis 1. The paper does not clip the last layer of a network.</para>
/// <para>Norms are summed in double. A NaN makes all gradients of its unit NaN. An infinite element becomes NaN, and the other
/// elements of its unit become 0. Zero gradients stay as they are.</para>
/// </remarks>
public sealed record AdaptiveClip : IRewritingClip, INamed
{
    // The number of units that are summed at a time: their sums stay in the first-level cache.
    private const int UnitsAtATime = 512;

    /// <summary>The largest ratio of gradient norm to weight norm. Finite, above 0; default 0.01, as in optax and the paper.</summary>
    public double Clipping
    {
        get;
        init
        {
            Require.Bound(value, nameof(Clipping));
            field = value;
        }
    } = 0.01;

    /// <summary>ε, a lower bound for the weight norm, so that weights of zero can grow. Finite, at least 0; default
    /// 1e-3, as in optax and the paper. With 0, a unit whose weights are all 0 gets zero gradients and stays at 0.</summary>
    public double Epsilon
    {
        get;
        init
        {
            Require.NonNegative(value, nameof(Epsilon));
            field = value;
        }
    } = 1e-3;

    /// <summary>The axis to sum over, in tensors of two or more dimensions. At least 0; default 0, as in optax.</summary>
    public int Axis
    {
        get;
        init
        {
            Require.AtLeast(value, 0, nameof(Axis));
            field = value;
        }
    }

    /// <summary>Clips the gradients of one tensor in place, on the caller's thread.</summary>
    /// <param name="gradients">The gradients, row-major.</param>
    /// <param name="values">The weights, in the same order and number.</param>
    /// <param name="shape">The length of each dimension; their product is the number of elements.</param>
    /// <exception cref="ArgumentException">The lengths do not match, the buffers overlap, or the tensor has no axis
    /// <see cref="Axis"/>. In that case nothing has changed.</exception>
    public void Apply(Span<float> gradients, ReadOnlySpan<float> values, params ReadOnlySpan<int> shape)
    {
        CheckLengths(gradients, values, shape);
        if (shape.Length >= 2 && Axis >= shape.Length)
        {
            throw new ArgumentException(NoSuchAxis(shape.Length, "the tensor"), nameof(shape));
        }

        Clip(gradients, values, shape);
    }

    /// <inheritdoc/>
    public string? RefusalOf(Parameter parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        int dimensions = parameter.Shape.Count;
        return parameter.IsTable && Axis != 1
            ? $"\"{parameter.Name}\" is a table, which has gradients of some rows only, so it can only be clipped row by row. Set {nameof(Axis)} = 1; it is {Axis}."
            : dimensions >= 2 && Axis >= dimensions ? NoSuchAxis(dimensions, $"\"{parameter.Name}\"")
            : null;
    }

    /// <inheritdoc/>
    public void Rewrite(ClipStep step, TensorGradient tensor) => Clip(tensor.Gradients, tensor.Values, tensor.Shape);

    private static void CheckLengths(ReadOnlySpan<float> gradients, ReadOnlySpan<float> values, ReadOnlySpan<int> shape)
    {
        if (values.Length != gradients.Length)
        {
            throw new ArgumentException($"There are {gradients.Length} gradients, but {values.Length} values. Pass one gradient for each value.", nameof(values));
        }

        if (values.Overlaps(gradients))
        {
            throw new ArgumentException("The gradients overlap the values. Use separate memory for each.", nameof(gradients));
        }

        long length = 1;
        foreach (int dimension in shape)
        {
            length = dimension >= 0 && length <= int.MaxValue ? length * dimension : -1;
        }

        if (length != gradients.Length)
        {
            throw new ArgumentException(
                $"The shape [{string.Join(", ", shape.ToArray())}] does not match the {gradients.Length} gradients: the product of its dimensions must be their number.", nameof(shape));
        }
    }

    private string NoSuchAxis(int dimensions, string what) => $"{nameof(Axis)} = {Axis} is outside [0, {dimensions}), the axes of {what}.";

    private void Clip(Span<float> gradients, ReadOnlySpan<float> values, ReadOnlySpan<int> shape)
    {
        if (shape.Length < 2)
        {
            ApplyToUnits(gradients, values, stride: 1);
            return;
        }

        int stride = 1;
        foreach (int dimension in shape[(Axis + 1)..])
        {
            stride *= dimension;
        }

        int blockLength = shape[Axis] * stride;
        for (int start = 0; start < gradients.Length; start += blockLength)
        {
            ApplyToUnits(gradients.Slice(start, blockLength), values.Slice(start, blockLength), stride);
        }
    }

    // Unit i has the elements i, i + stride, i + 2·stride, …
    private void ApplyToUnits(Span<float> gradients, ReadOnlySpan<float> values, int stride)
    {
        if (stride == 1)
        {
            GradientScaling.Apply(gradients, Factor(NormKind.Euclidean.Of(values), NormKind.Euclidean.Of(gradients)));
            return;
        }

        Span<double> valueSums = stackalloc double[Math.Min(UnitsAtATime, stride)];
        Span<double> gradientSums = stackalloc double[Math.Min(UnitsAtATime, stride)];
        Span<float> factors = stackalloc float[Math.Min(UnitsAtATime, stride)];
        for (int first = 0; first < stride; first += UnitsAtATime)
        {
            int units = Math.Min(UnitsAtATime, stride - first);
            AddSquares(values[first..], stride, valueSums[..units]);
            AddSquares(gradients[first..], stride, gradientSums[..units]);
            bool clips = false;
            for (int unit = 0; unit < units; unit++)
            {
                factors[unit] = (float)Factor(Math.Sqrt(valueSums[unit]), Math.Sqrt(gradientSums[unit]));
                clips |= factors[unit] != 1;
            }

            for (int start = first; clips && start < gradients.Length; start += stride)
            {
                Span<float> row = gradients.Slice(start, units);
                TensorPrimitives.Multiply(row, factors[..units], row);
            }
        }
    }

    // The square of a float is exact in double, so there is one rounding whether or not the addition is fused.
    private static void AddSquares(ReadOnlySpan<float> elements, int stride, Span<double> sums)
    {
        Span<double> row = stackalloc double[sums.Length];
        sums.Clear();
        for (int start = 0; start < elements.Length; start += stride)
        {
            TensorPrimitives.ConvertChecked(elements.Slice(start, row.Length), row);
            TensorPrimitives.MultiplyAdd(row, row, sums, sums);
        }
    }

    private double Factor(double valueNorm, double gradientNorm)
    {
        double maximum = Clipping * Math.Max(valueNorm, Epsilon);
        return gradientNorm < maximum ? 1 : maximum / Math.Max(gradientNorm, 1e-6);
    }

    internal static NamedType Named { get; } = new NamedType<AdaptiveClip>(new AdaptiveClipContract(), new AdaptiveClip());

    NamedType INamed.Named => Named;
}

[JsonSerializable(typeof(AdaptiveClip), GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class AdaptiveClipContract : JsonSerializerContext;
