namespace Optimizers;

/// <summary>What a load may do beyond taking over a file that is exactly what is asked for.</summary>
public sealed record CheckpointLoadOptions
{
    /// <summary>
    /// Which parameters to load, by their names, with their state and nothing else: no counts, groups or parts. The rest of the
    /// file is left, and so is the rest of the model. Default null: everything.
    /// </summary>
    public Predicate<string>? Where { get; init; }

    /// <summary>
    /// Whether hyperparameters, schedules and what happens around the step may be others than those the file was saved with;
    /// those of this program count, and the report lists the differences. Default false: they are refused. The kind of
    /// a parameter's optimizer has to be the same in any case.
    /// </summary>
    public bool AllowDifferentOptions { get; init; }

    /// <summary>
    /// How many updates came before, where the file does not say so because it is of another writer, such as PyTorch. At
    /// least 0; default null: the file has to say so.
    /// </summary>
    public long? UpdateCount
    {
        get;
        init
        {
            if (value is { } count)
            {
                Require.AtLeast(count, 0, nameof(UpdateCount));
            }

            field = value;
        }
    }

    /// <summary>Which tensors of the file, by their names, may stay unread though nothing here has that name. Default null: none.</summary>
    public Predicate<string>? Ignore { get; init; }
}
