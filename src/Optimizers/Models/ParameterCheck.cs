namespace Optimizers;

/// <summary>Checks parameters before they are added to a set.</summary>
internal static unsafe class ParameterCheck
{
    /// <summary>The number of elements of a shape.</summary>
    public static int LengthOf(string name, int[] shape, string argument)
    {
        if (shape is null)
        {
            throw new ArgumentNullException(argument, $"The shape of the parameter \"{name}\" is null. Give the length of each dimension, or an empty list for a scalar.");
        }

        long length = shape.Contains(0) ? 0 : 1;
        foreach (int dimension in shape)
        {
            if (dimension < 0)
            {
                throw new ArgumentOutOfRangeException(
                    argument, dimension, $"The parameter \"{name}\" cannot have the shape [{string.Join(", ", shape)}]: {dimension} is negative. A dimension is at least 0.");
            }

            length *= dimension;
            if (length > int.MaxValue)
            {
                throw new ArgumentOutOfRangeException(
                    argument,
                    $"[{string.Join(", ", shape)}]",
                    $"The parameter \"{name}\" has more than {int.MaxValue} elements. Split it into several parameters.");
            }
        }

        return (int)length;
    }

    /// <summary>Throws if the length of a buffer differs from that of the shape.</summary>
    public static void Length(string name, int expected, int actual, string argument)
    {
        if (actual != expected)
        {
            throw new ArgumentException(
                $"The shape of \"{name}\" has {expected} elements, but {actual} {argument} were given.", argument);
        }
    }

    /// <summary>Throws if the address of a buffer with elements is null.</summary>
    public static void Address(string name, int length, void* address, string argument)
    {
        if (address == null && length > 0)
        {
            throw new ArgumentNullException(argument, $"The address of the {argument} of \"{name}\" is null. Give the address of {length} elements.");
        }
    }

    /// <summary>Throws if a name is invalid or taken.</summary>
    public static void Name(string name, IReadOnlyDictionary<string, Parameter> taken, string argument)
    {
        ArgumentNullException.ThrowIfNull(name, argument);
        if (name.Length == 0 || name.Contains('\0', StringComparison.Ordinal) || name == "__metadata__")
        {
            throw new ArgumentException(
                $"{Quoted.Name(name)} cannot name a parameter. A name has at least one character and no zero character, "
                + "and is not __metadata__, which checkpoints use.",
                argument);
        }

        if (taken.ContainsKey(name))
        {
            throw new ArgumentException($"There is a parameter \"{name}\" already. Names in a set must differ.", argument);
        }
    }

    /// <summary>Throws if buffers overlap each other or those of other parameters. Only gradients may overlap
    /// gradients.</summary>
    public static void Overlap(string name, int length, NumberBuffer values, NumberBuffer gradients, IEnumerable<Parameter> others)
    {
        (nuint bytes, nuint ofGradients) = ((nuint)length * values.ElementSize, (nuint)length * gradients.ElementSize);
        if (values.Address != 0 && gradients.Address != 0 && values.Address < gradients.Address + ofGradients && gradients.Address < values.Address + bytes)
        {
            throw new ArgumentException($"The gradients of \"{name}\" overlap its values. Use separate memory for each.", nameof(gradients));
        }

        foreach (Parameter other in others)
        {
            if (other.HasValuesIn(values.Address, bytes) || other.HasGradientsIn(values.Address, bytes))
            {
                throw new ArgumentException($"The values of \"{name}\" overlap a buffer of \"{other.Name}\". Use separate memory for each.", nameof(values));
            }

            if (other.HasValuesIn(gradients.Address, ofGradients))
            {
                throw new ArgumentException($"The gradients of \"{name}\" overlap the values of \"{other.Name}\". Use separate memory for each.", nameof(gradients));
            }
        }
    }
}
