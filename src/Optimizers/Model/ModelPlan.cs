namespace Optimizers;

/// <summary>
/// Which parameters take part in a step, as jobs of a work list. From one step to the next the plan usually stands, and
/// then only the rules have to be worked out anew: one for each group, however many tensors there are.
/// </summary>
internal sealed unsafe class ModelPlan(ParameterSet parameters, GroupRun[] groups, WorkList work)
{
    private readonly List<Entry> _entries = [];
    private StepClock _clock = new();
    private int _revision;
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
    public void Add(List<(Parameter Parameter, GroupRun Run)> added)
    {
        Dictionary<GroupRun, SlotPool[]> pools = added.GroupBy(parameter => parameter.Run).ToDictionary(
            group => group.Key,
            group => OptimizerState.PoolsFor(
                group.Key.Prepared.Update.Slots,
                group.Select(parameter => parameter.Parameter.Length),
                group.Key.Group.StateFormat));
        Entry[] entries = [.. added.Select(one => new Entry(
            one.Parameter,
            one.Run,
            new OptimizerState(
                one.Parameter.Length, one.Run.Prepared.Update.Slots, one.Run.Group.StateFormat, pools[one.Run])))];
        _entries.AddRange(entries);
        _standing = false;
    }

    public OptimizerState? StateOf(string name) => _entries.Find(entry => entry.Parameter.Name == name)?.State;

    /// <summary>Has the work list hold the next update of every parameter that takes part.</summary>
    public void Prepare()
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
            Rebuild();
        }
    }

    /// <summary>Makes every parameter that takes part one update older.</summary>
    public void Age()
    {
        _clock.Tick();
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

    // A user may have frozen a group, taken a gradient away, asked for a rounded copy or loaded a state.
    private bool Stands()
    {
        if (!_standing || _clock.Disturbed || !Array.TrueForAll(groups, run => run.WasFrozen == run.Group.Frozen))
        {
            return false;
        }

        // What was changed may have been changed back: taken from all parameters, say, and given to most again.
        bool same = _revision == parameters.Revision || _entries.TrueForAll(entry => entry.IsAsBefore);
        _revision = same ? parameters.Revision : _revision;
        return same;
    }

    private void Rebuild()
    {
        WithoutGradient = 0;
        Frozen = 0;
        _clock = new StepClock();
        _revision = parameters.Revision;
        work.Clear();
        foreach (GroupRun run in groups)
        {
            run.WasFrozen = run.Group.Frozen;
            run.Prepared.Update.Clear();
        }

        foreach (Entry entry in _entries)
        {
            entry.Remember();
            entry.State.Follow(entry.TakesPart ? _clock : null);
            if (entry.TakesPart)
            {
                entry.Run.Prepared.AddTo(
                    work,
                    entry.State,
                    entry.Parameter.ValuesAddress,
                    entry.Parameter.GradientsAddress,
                    entry.Parameter.RoundedCopyAddress);
            }
            else if (entry.Run.WasFrozen)
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
        private bool _hadRoundedCopy;

        public Parameter Parameter { get; } = parameter;

        public GroupRun Run { get; } = run;

        public OptimizerState State { get; } = state;

        /// <summary>Whether the parameter takes part in the steps of the plan.</summary>
        public bool TakesPart { get; private set; }

        public bool IsAsBefore => WantsToTakePart == TakesPart && HasRoundedCopy == _hadRoundedCopy;

        private bool WantsToTakePart => Parameter.HasGradient && !Run.WasFrozen;

        private bool HasRoundedCopy => Parameter.RoundedCopyAddress != null;

        public void Remember()
        {
            TakesPart = WantsToTakePart;
            _hadRoundedCopy = HasRoundedCopy;
        }
    }
}

/// <summary>A group of a model with what runs it.</summary>
internal sealed class GroupRun(ParameterGroup group)
{
    public ParameterGroup Group { get; } = group;

    public GroupUpdate Prepared { get; } = new(group.Options);

    /// <summary>Whether the group was frozen when the plan was made.</summary>
    public bool WasFrozen { get; set; }
}
