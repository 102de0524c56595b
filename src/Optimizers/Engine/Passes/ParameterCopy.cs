namespace Optimizers.Engine;

/// <summary>Copies the parameters that a step updates.</summary>
internal static unsafe class ParameterCopy
{
    /// <summary>Copies parameters from <paramref name="start"/> on. In a table, the rows that have a gradient are copied.</summary>
    public static void Take(in TensorJob job, nuint start, Span<float> values)
    {
        if (!job.StoredValues.IsRounded)
        {
            Take(job, job.Addresses.Parameters, start, values);
            return;
        }

        fixed (float* destination = values)
        {
            nuint taken = 0;
            while (taken < (nuint)values.Length)
            {
                (nuint place, nuint count) = job.Rows?.Run(start + taken, start + (nuint)values.Length) ?? (start, (nuint)values.Length);
                DecodedPass.ReadValues(job, place, place + count, destination + taken, Kernel.WidestLane);
                taken += count;
            }
        }
    }

    /// <summary>The same from another buffer with the layout of the parameters.</summary>
    public static void Take(in TensorJob job, float* buffer, nuint start, Span<float> values)
    {
        if (job.Rows is not { } rows)
        {
            new ReadOnlySpan<float>(buffer + start, values.Length).CopyTo(values);
            return;
        }

        for (nuint end = start + (nuint)values.Length; start < end;)
        {
            (nuint place, nuint count) = rows.Run(start, end);
            new ReadOnlySpan<float>(buffer + place, (int)count).CopyTo(values);
            values = values[(int)count..];
            start += count;
        }
    }
}
