namespace Optimizers.Checkpoints;

/// <summary>The differences between file and model that a load accepts, and the part of the file that it loads.</summary>
public sealed record CheckpointLoadOptions
{
    /// <summary>
    /// Selects parameters by their names. Only these and their state are loaded: no groups, schedules or parts. The rest of the
    /// file is ignored, and the rest of the model stays as it is. If every parameter of the model is selected, the number of updates is
    /// loaded too, so that schedules continue where they were. Otherwise the number stays as it is, unless
    /// <see cref="UpdateCount"/> sets it. Default null: everything is loaded.
    /// </summary>
    public Predicate<string>? Where { get; init; }

    /// <summary>
    /// Whether hyperparameters, schedules, training options and the settings of groups may differ from those in the file. The values of
    /// this program then stay, and the report lists the differences. Default false: the load throws. A parameter's optimizer must be of the
    /// same kind in any case, unless <see cref="AllowDifferentGroups"/> is set.
    /// </summary>
    public bool AllowDifferentOptions { get; init; }

    /// <summary>
    /// Whether parameters may be in other groups than in the file. Parameters are found by their names. A parameter
    /// takes its state from the file if its optimizer is of the same kind; otherwise the state is reset, and
    /// <see cref="CheckpointReport.Differences"/> says so. A group takes the settings that its parameters had in the file. If those differ
    /// from each other, the group keeps its own settings, and the report says so. Schedules are compared like other options. Default false:
    /// the load throws.
    /// </summary>
    public bool AllowDifferentGroups { get; init; }

    /// <summary>
    /// Whether a file without parameter values (<see cref="Checkpoint.IncludeParameters"/>) may be loaded, because the values come from
    /// another source. The values then stay as they are. Default false: the load throws, unless the checkpoint that loads the file does
    /// not include parameters either.
    /// </summary>
    public bool ParametersFromElsewhere { get; init; }

    /// <summary>
    /// The number of updates so far, which is the next index of the schedules. It overrides the number in the file, also
    /// in a partial load. Files from other programs, such as PyTorch, may not contain the number. At least 0; default null: the number in
    /// the file.
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

    /// <summary>
    /// Whether the values of parameters may have another number format in the file (float32, bfloat16 or half). They are converted, rounded
    /// to the nearest number, and the report lists them. Rounding errors of 16-bit values that only the file or only the model has are left
    /// out. The state of an optimizer is never converted. Default false: the load throws.
    /// </summary>
    public bool ConvertFormats { get; init; }

    /// <summary>
    /// Selects tensors of the file by name. The load skips a selected tensor if the checkpoint does not have it. Default null: a
    /// tensor that the checkpoint does not have throws.
    /// </summary>
    public Predicate<string>? Ignore { get; init; }
}
