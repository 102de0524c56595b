namespace Optimizers.Checkpoints;

/// <summary>What a load may do beyond taking over a file that is exactly what is asked for.</summary>
public sealed record CheckpointLoadOptions
{
    /// <summary>
    /// Which parameters to load, by their names, with their state and nothing else: no groups, schedules or parts. The rest of the
    /// file is left, and so is the rest of the model. If it asks for every parameter of the model, the number of updates is
    /// loaded as well, so that schedules go on where they were; otherwise schedules stay where they are, unless
    /// <see cref="UpdateCount"/> says otherwise. Default null: everything.
    /// </summary>
    public Predicate<string>? Where { get; init; }

    /// <summary>
    /// Whether hyperparameters, schedules, what happens around the step and the settings of groups may be others than those the
    /// file was saved with; those of this program count, and the report lists the differences. Default false: they are refused.
    /// The kind of a parameter's optimizer has to be the same in any case, unless <see cref="AllowDifferentGroups"/> is set.
    /// </summary>
    public bool AllowDifferentOptions { get; init; }

    /// <summary>
    /// Whether parameters may be in other groups than those the file was saved with. They are found by their names. A parameter
    /// takes its state along if its optimizer is of the same kind; otherwise its state begins anew, and
    /// <see cref="CheckpointReport.Differences"/> says so. A group takes the settings that its parameters had in the file; if those were
    /// different ones, it keeps its own, and the report says so. Schedules are compared like other options. Default false: other
    /// groups are refused.
    /// </summary>
    public bool AllowDifferentGroups { get; init; }

    /// <summary>
    /// Whether the values of the parameters come from elsewhere if the file was saved without them
    /// (<see cref="Checkpoint.IncludeParameters"/>): they stay as they are. Default false: such a file is refused, unless the
    /// checkpoint that loads it does not include parameters either.
    /// </summary>
    public bool ParametersFromElsewhere { get; init; }

    /// <summary>
    /// How many updates came before: the index that schedules are asked for next. It counts more than what the file says, also
    /// in a partial load. A file of another writer, such as PyTorch, may not say it. At least 0; default null: that of the file.
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
