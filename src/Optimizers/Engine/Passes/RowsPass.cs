namespace Optimizers.Engine;

/// <summary>
/// The pass of a tensor of which only some rows have a gradient. Gradients lie side by side, parameters and state where they lie
/// in the table: each run of rows that are neighbours there goes through the same loop as a whole tensor does.
/// </summary>
internal static unsafe class RowsPass
{
    /// <summary>Updates the touched elements from <paramref name="start"/> to <paramref name="end"/>.</summary>
    public static void Apply(in TensorJob job, SparseRows rows, nuint start, nuint end, int widestLane)
    {
        IUpdate update = job.Group.Update;
        TensorJob run = job;
        while (start < end)
        {
            (nuint place, nuint count) = rows.Run(start, end);

            // The loop counts from the start of the table.
            run.Addresses.Gradients = job.Addresses.Gradients + start - place;
            update.Apply(run, place, place + count, widestLane);
            start += count;
        }
    }

    /// <summary>Copies parameters from <paramref name="start"/> on, of a table those of touched elements.</summary>
    public static void Gather(in TensorJob job, nuint start, Span<float> values)
    {
        if (job.Rows is not { } rows)
        {
            new ReadOnlySpan<float>(job.Addresses.Parameters + start, values.Length).CopyTo(values);
            return;
        }

        for (nuint end = start + (nuint)values.Length; start < end;)
        {
            (nuint place, nuint count) = rows.Run(start, end);
            new ReadOnlySpan<float>(job.Addresses.Parameters + place, (int)count).CopyTo(values);
            values = values[(int)count..];
            start += count;
        }
    }
}
