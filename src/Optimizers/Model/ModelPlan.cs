namespace Optimizers;

/// <summary>
/// Which parameters take part in a step, as jobs of a work list. From one step to the next the plan usually stands, and
/// then only the rules have to be worked out anew: one for each group, however many tensors there are.
/// </summary>
internal sealed unsafe class ModelPlan(WorkList work)
{
    private readonly List<Entry> _entries = [];
    private bool _standing;

    /// <summary>The number of parameters, whether they take part or not.</summary>
    public int Count => _entries.Count;

    /// <summary>The number of parameters in the last prepared step that said they had no gradient.</summary>
    public int WithoutGradient { get; private set; }

    /// <summary>The number of parameters in the last prepared step whose group was frozen.</summary>
    public int Frozen { get; private set; }

    /// <summary>The memory that the state of all parameters takes, in bytes.</summary>
    public long StateBytes => _entries.Sum(entry => entry.State.Bytes);

    /// <summary>Adds parameters, with a new state for each; those of one group have theirs side by side.</summary>
    public void Add(List<(Parameter Parameter, GroupRun Run)> parameters)
    {
        Dictionary<GroupRun, SlotPool[]> pools = parameters.GroupBy(added => added.Run).ToDictionary(
            group => group.Key,
            group => OptimizerState.PoolsFor(
                group.Key.Prepared.Update.Slots, group.Select(added => added.Parameter.Length)));
        Entry[] entries = [.. parameters.Select(added => new Entry(
            added.Parameter,
            added.Run,
            new OptimizerState(added.Parameter.Length, added.Run.Prepared.Update.Slots, pools[added.Run])))];
        _entries.AddRange(entries);
        _standing = false;
    }

    public OptimizerState? StateOf(string name) => _entries.Find(entry => entry.Parameter.Name == name)?.State;

    /// <summary>Has the work list hold the next update of every parameter that takes part.</summary>
    public void Prepare(GroupRun[] groups)
    {
        bool stands = Stands();
        _standing = false;
        if (stands)
        {
            foreach (GroupRun run in groups)
            {
                run.Prepared.Update.Advance(run.Prepared);
            }
        }
        else
        {
            Rebuild(groups);
        }
    }

    /// <summary>Makes every parameter that takes part one update older.</summary>
    public void Age()
    {
        foreach (Entry entry in _entries)
        {
            if (entry.TakesPart)
            {
                entry.State.Iteration = ++entry.Age;
            }
        }

        _standing = true;
    }

    /// <summary>Zeroes the gradients that no rule has read and zeroed.</summary>
    public void ZeroRestingGradients()
    {
        if (WithoutGradient + Frozen == 0)
        {
            return;
        }

        foreach (Entry entry in _entries)
        {
            if (!entry.TakesPart)
            {
                entry.Parameter.Gradients.Clear();
            }
        }
    }

    // A user may have frozen a group, taken a gradient away, loaded a state or asked for a rounded copy.
    private bool Stands()
    {
        if (!_standing)
        {
            return false;
        }

        foreach (Entry entry in _entries)
        {
            if (entry.WantsToTakePart != entry.TakesPart
                || entry.State.Iteration != entry.Age
                || entry.Parameter.RoundedCopyAddress != null != entry.HasRoundedCopy)
            {
                return false;
            }
        }

        return true;
    }

    private void Rebuild(GroupRun[] groups)
    {
        WithoutGradient = 0;
        Frozen = 0;
        work.Clear();
        foreach (GroupRun run in groups)
        {
            run.Prepared.Update.Clear();
        }

        foreach (Entry entry in _entries)
        {
            entry.Age = entry.State.Iteration;
            entry.TakesPart = entry.WantsToTakePart;
            entry.HasRoundedCopy = entry.Parameter.RoundedCopyAddress != null;
            if (entry.TakesPart)
            {
                entry.Run.Prepared.AddTo(
                    work,
                    entry.State,
                    entry.Parameter.ValuesAddress,
                    entry.Parameter.GradientsAddress,
                    entry.Parameter.RoundedCopyAddress);
            }
            else if (entry.Run.Group.Frozen)
            {
                Frozen++;
            }
            else
            {
                WithoutGradient++;
            }
        }
    }

    private sealed class Entry(Parameter parameter, GroupRun run, OptimizerState state)
    {
        public Parameter Parameter { get; } = parameter;

        public GroupRun Run { get; } = run;

        public OptimizerState State { get; } = state;

        public long Age { get; set; }

        public bool TakesPart { get; set; }

        public bool HasRoundedCopy { get; set; }

        public bool WantsToTakePart => Parameter.HasGradient && !Run.Group.Frozen;
    }
}

/// <summary>A group of a model with what runs it.</summary>
internal sealed class GroupRun(ParameterGroup group)
{
    public ParameterGroup Group { get; } = group;

    public GroupUpdate Prepared { get; } = new(group.Options);
}
