namespace Optimizers;

/// <summary>A group of a model with what runs it.</summary>
internal sealed class GroupRun(ParameterGroup group, int index)
{
    private GroupSettings _made = GroupSettings.Of(group);

    public ParameterGroup Group { get; } = group;

    /// <summary>
    /// What the program said of the group, in contrast to what it has changed during the run: the settings when the optimizer
    /// was made, and when its first update was taken, if there was one.
    /// </summary>
    public IEnumerable<GroupSettings> Beginnings => Started is { } started ? [_made, started] : [_made];

    /// <summary>The settings at the first update of the run; null before it.</summary>
    public GroupSettings? Started { get; private set; }

    /// <summary>Notes the settings with which the first update is taken.</summary>
    public void Start() => Started ??= GroupSettings.Of(Group);

    /// <summary>Goes on with another run, so that a later file says the same of its beginning.</summary>
    public void TakeBeginnings(IReadOnlyList<GroupSettings> beginnings)
    {
        if (beginnings.Count > 0)
        {
            _made = beginnings[0];
            Started = beginnings.Count > 1 ? beginnings[1] : null;
        }
    }

    /// <summary>The number of the group, as text.</summary>
    public string Number { get; } = index.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The number of the group and its name, if it has one, for messages.</summary>
    public string Title { get; } = group.TitleAt(index);

    public GroupStep Step { get; } = GroupStep.Of(group.Options);

    /// <summary>Whether some parameter of the group is a table.</summary>
    public bool HasTables { get; set; }

    /// <summary>The state that has the scalars for all of the group, if it shares them; otherwise null.</summary>
    public OptimizerState? Shared { get; set; }

    /// <summary>Whether the group was frozen when the plan was made.</summary>
    public bool WasFrozen { get; set; }

    /// <summary>The largest ratio of update to weights in the group's last measured update; NaN if there is none.</summary>
    public double UpdateRatio { get; set; } = double.NaN;

    /// <inheritdoc cref="ParameterGroup.Has"/>
    public bool Has(Parameter parameter) => Group.Has(parameter, index);
}
