using System.Runtime.InteropServices;

namespace Optimizers.Checkpoints;

/// <summary>The values of a parameter in a file that has them in another number format. A load converts them.</summary>
internal sealed record ConvertedValuesEntry<T>(string Name, long[] Shape, Parameter Parameter, Func<T, float> ToFloat)
    : TensorEntry(Name, SafetensorsTypes.Of<T>(), Shape)
    where T : unmanaged
{
    public override void CopyTo(Span<byte> bytes, long start) =>
        throw new System.Diagnostics.UnreachableException("A converted item is only loaded.");

    public override void CopyFrom(ReadOnlySpan<byte> bytes, long start)
    {
        int count = bytes.Length / Unsafe.SizeOf<T>();
        var elements = new T[count];
        LittleEndian.Read(bytes, elements.AsSpan());
        float[] floats = Array.ConvertAll(elements, element => ToFloat(element));
        Parameter.WriteValues((int)(start / Unsafe.SizeOf<T>()), floats);
    }
}

/// <summary>Lists the values of parameters.</summary>
internal static class ValuesManifest
{
    /// <summary>The prefix of rounding errors of 16-bit values.</summary>
    public const string Errors = "compensation";

    /// <summary>
    /// Lists the values in the format in which a step keeps them: float32 values and master copies in float32, other 16-bit values
    /// as they are, with their rounding errors if these are kept.
    /// </summary>
    public static void List(CheckpointManifest contents, Parameter parameter)
    {
        CheckpointManifest values = contents.Under(Checkpoint.ParametersKey, new CheckpointOwner(parameter.Name));
        if (parameter.HasFloats)
        {
            values.Add(Entry(parameter, parameter.Name, () => parameter.Values));
            return;
        }

        CheckpointManifest errors = contents.Under(Errors, new CheckpointOwner(parameter.Name));
        if (parameter.ValueFormat == NumberFormat.BFloat16)
        {
            values.Add(Entry(parameter, parameter.Name, () => parameter.BFloat16Values));
            ListErrors<BFloat16>(errors, parameter);
        }
        else
        {
            values.Add(Entry(parameter, parameter.Name, () => parameter.HalfValues));
            ListErrors<Half>(errors, parameter);
        }
    }

    /// <summary>Lists the gradients.</summary>
    public static void ListGradients(CheckpointManifest contents, Parameter parameter)
    {
        switch (parameter.Format.Gradients)
        {
            case NumberFormat.BFloat16:
                contents.Tensor(parameter.Name, parameter.Shape, () => parameter.BFloat16Gradients);
                break;

            case NumberFormat.Half:
                contents.Tensor<Half>(parameter.Name, parameter.Shape, () => parameter.HalfGradients);
                break;

            default:
                contents.Tensor(parameter.Name, parameter.Shape, () => parameter.Gradients);
                break;
        }
    }

    private static unsafe void ListErrors<T>(CheckpointManifest contents, Parameter parameter)
        where T : unmanaged
    {
        if (parameter.Errors.Address != 0)
        {
            contents.Tensor<T>(parameter.Name, parameter.Shape, () => new Span<T>((void*)parameter.Errors.Address, parameter.Length));
        }
    }

    private static ElementsEntry<T> Entry<T>(Parameter parameter, string name, Func<Span<T>> elements)
        where T : unmanaged
    {
        long[] shape = [.. parameter.Shape.Select(length => (long)length)];
        return new ElementsEntry<T>(
            name,
            shape,
            () =>
            {
                parameter.Set.ValueUse.RequireNotReplaced();
                return elements();
            })
        {
            Conversion = type => type switch
            {
                SafetensorsType.F32 => new ConvertedValuesEntry<float>(name, shape, parameter, value => value),
                SafetensorsType.BF16 => new ConvertedValuesEntry<BFloat16>(name, shape, parameter, value => value.ToSingle()),
                SafetensorsType.F16 => new ConvertedValuesEntry<Half>(name, shape, parameter, value => (float)value),
                _ => null,
            },
        };
    }
}
