using Optimizers;
using Optimizers.Training;

namespace FormatAccuracy;

/// <summary>
/// The weights and gradients of a model in the formats of a run, with their optimizer. The model itself computes in float32, with weights
/// that are decoded after each step.
/// </summary>
internal sealed class StoredModel : IDisposable
{
    private readonly ParameterSet _computed;
    private readonly ParameterSet _stored;
    private readonly RunFormat _format;
    private readonly LossScaler? _scaler;
    private readonly ModelOptimizer _optimizer;

    /// <param name="computed">The float32 weights and gradients of the model. The initial weights are rounded to the format.</param>
    /// <param name="format">The formats.</param>
    /// <param name="optimizerOf">Creates the optimizer of a parameter set.</param>
    public StoredModel(
        ParameterSet computed, RunFormat format, Func<ParameterSet, StateFormat, LossScaler?, ModelOptimizer> optimizerOf)
    {
        _computed = computed;
        _format = format;
        _stored = new ParameterSet { Format = format.Parameters };
        _stored.AddRange([.. computed.Select(parameter => (parameter.Name, parameter.Shape.ToArray()))]);
        foreach ((Parameter stored, Parameter floats) in _stored.Zip(computed))
        {
            stored.CopyValuesFrom(floats.Values);
        }

        _scaler = format.ScalesLoss ? new LossScaler() : null;
        _optimizer = optimizerOf(_stored, format.State, _scaler);
        Decode();
    }

    /// <summary>The factor of the next loss.</summary>
    public double LossScale => _scaler?.Scale ?? 1;

    /// <summary>Rounds the gradients of the model to their format, updates the weights, and clears the gradients of the model.</summary>
    public void Step()
    {
        foreach ((Parameter stored, Parameter floats) in _stored.Zip(_computed))
        {
            stored.CopyGradientsFrom(floats.Gradients);
        }

        _optimizer.Step();
        _computed.ZeroGradients();
        Decode();
    }

    public void Dispose() => _stored.Dispose();

    // The model reads the 16-bit weights, not their master copy and without the rounding errors that the compensation keeps.
    private void Decode()
    {
        foreach ((Parameter stored, Parameter floats) in _stored.Zip(_computed))
        {
            Span<float> values = floats.Values;
            switch (_format.Parameters.Values)
            {
                case NumberFormat.BFloat16:
                    Decode(stored.BFloat16Values, values);
                    break;
                case NumberFormat.Half:
                    System.Numerics.Tensors.TensorPrimitives.ConvertToSingle(stored.HalfValues, values);
                    break;
                default:
                    if (_format.RoundsAfterStep)
                    {
                        RoundToNearest(stored.Values);
                    }

                    stored.Values.CopyTo(values);
                    break;
            }
        }
    }

    private static void Decode(ReadOnlySpan<BFloat16> values, Span<float> floats)
    {
        for (int i = 0; i < values.Length; i++)
        {
            floats[i] = values[i].ToSingle();
        }
    }

    private static void RoundToNearest(Span<float> values)
    {
        foreach (ref float value in values)
        {
            value = BFloat16.Round(value).ToSingle();
        }
    }
}
