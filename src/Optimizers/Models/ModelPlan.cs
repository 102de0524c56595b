using System.Runtime.InteropServices;

namespace Optimizers;

/// <summary>
/// The parameters that take part in a step, as jobs of a batch. The plan usually stays the same from one step to the next.
/// Then only the rules are computed again: one for each group, for any number of tensors.
/// </summary>
internal sealed unsafe class ModelPlan(ParameterSet parameters, ModelGroup[] groups, TensorBatch batch)
{
    private readonly List<Entry> _entries = [];
    private readonly bool _haveScalars = Array.Exists(groups, run => run.Step.HasScalars);
    private readonly bool _sharesScalars = Array.Exists(groups, run => run.Step.Definition.SharesScalars);
    private readonly ChangeCounter _changes = new();
    private int _changesSeen;
    private int _revision;
    private int _addresses;
    private bool _gathered;
    private bool _counted;
    private bool _haveTables;

    /// <summary>The parameters that take part, in the order of the batch.</summary>
    public List<Parameter> Participants { get; } = [];

    /// <summary>The number of parameters, including those that take no part.</summary>
    public int Count => _entries.Count;

    /// <summary>The number of parameters without a gradient in the last prepared step.</summary>
    public int WithoutGradient { get; private set; }

    /// <summary>The number of parameters in the last prepared step whose group was frozen.</summary>
    public int Frozen { get; private set; }

    /// <summary>Whether a state is new or was loaded since the batch was last filled.</summary>
    public bool StatesReplaced { get; private set; }

    /// <summary>Whether at least one parameter that takes part is a table.</summary>
    public bool HasTables => _haveTables;

    /// <summary>The size of the state of all parameters, in bytes.</summary>
    public long StateBytes => _entries.Sum(entry => entry.State.Bytes);

    /// <summary>Adds parameters, each with a new state; the states of one group lie side by side in memory.</summary>
    public void Add(List<(Parameter Parameter, ModelGroup Run)> added)
    {
        Dictionary<ModelGroup, SlotPool[]> pools = added.GroupBy(parameter => parameter.Run).ToDictionary(
            group => group.Key,
            group => SlotSet.PoolsFor(
                group.Key.Step.Definition,
                group.Select(parameter => TensorShape.Of(parameter.Parameter.Dimensions)),
                group.Key.Group.StateFormat));
        Entry[] entries = [.. added.Select(one => new Entry(
            one.Parameter,
            one.Run,
            new OptimizerState(
                TensorShape.Of(one.Parameter.Dimensions), one.Run.Step.Definition, one.Run.Group.StateFormat, pools[one.Run])))];
        _entries.AddRange(entries);
        foreach (Entry entry in entries)
        {
            entry.State.CountChanges(_changes);
            entry.Run.HasTables |= entry.Parameter.IsTable;
            // In a group that shares its scalars, all states have the same scalars, but newly added states have none yet.
            entry.Run.Shared ??= entry.Run.Step.Definition.SharesScalars ? entry.State : null;
        }

        // The new states count as changed.
        _changes.Add();
        _gathered = false;
    }

    /// <summary>Every parameter with its group and its state, in the order of the set.</summary>
    public IReadOnlyList<(Parameter Parameter, ParameterGroup Group, OptimizerState State)> Members =>
        [.. _entries.Select(entry => (entry.Parameter, entry.Run.Group, entry.State))];

    /// <summary>The group of every parameter, in the order of the set.</summary>
    public IEnumerable<ModelGroup> Runs => _entries.Select(entry => entry.Run);

    public (IOptimizerOptions Options, OptimizerState State)? Find(string name) =>
        _entries.Find(entry => entry.Parameter.Name == name) is { } entry ? (entry.Options, entry.State) : null;

    /// <summary>Fills the batch with the parameters that take part.</summary>
    public void Gather()
    {
        parameters.ValueUse.RequireFree();
        StatesReplaced = _changesSeen != _changes.Count;
        _changesSeen = _changes.Count;
        _counted &= !StatesReplaced;
        if (Stands())
        {
            if (_addresses != parameters.Addresses)
            {
                TakeAddresses();
            }

            if (_haveTables)
            {
                batch.TakeRows();
            }

            return;
        }

        WithoutGradient = 0;
        Frozen = 0;
        _haveTables = false;
        LargestStorable = double.PositiveInfinity;
        _revision = parameters.Revision;
        _addresses = parameters.Addresses;
        _counted = false;
        batch.Clear();
        Participants.Clear();
        foreach (ModelGroup run in groups)
        {
            run.WasFrozen = run.Group.Frozen;
        }

        foreach (Entry entry in _entries)
        {
            entry.Remember();
            _haveTables |= entry.Parameter.IsTable;
            if (entry.Parameter is { HasRoundedValues: true, ValueFormat: NumberFormat.Half })
            {
                LargestStorable = (double)Half.MaxValue;
            }

            if (entry.TakesPart)
            {
                Participants.Add(entry.Parameter);
            }

            if (entry.TakesPart && entry.Parameter.Rows is { } rows)
            {
                batch.Add(entry.Run.Step, entry.State, entry.Parameter.Buffers, rows);
            }
            else if (entry.TakesPart)
            {
                batch.Add(entry.Run.Step, entry.State, entry.Parameter.Buffers);
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

        _gathered = true;
    }

    /// <summary>Creates the rules for the next update of the parameters in the batch.</summary>
    public void MakeRules()
    {
        if (_counted && (!_sharesScalars || SharedStand()))
        {
            _counted = false;
            foreach (ModelGroup run in groups)
            {
                run.Step.Advance();
            }

            return;
        }

        _counted = false;

        // Every state has its own history again before the histories are reused for other states.
        foreach (Entry entry in _entries)
        {
            entry.State.OwnHistory();
        }

        foreach (ModelGroup run in groups)
        {
            run.Step.Clear();
            run.Histories.Clear();
        }

        int job = 0;
        foreach (Entry entry in _entries)
        {
            if (entry.TakesPart)
            {
                entry.Run.Histories.Add(entry.State);
                batch[job++].Rule = entry.Run.Step.AddRule(entry.State, (entry.Run.Shared ?? entry.State).Scalars);
            }
        }
    }

    /// <summary>Adds one to the update count of every parameter that takes part. Call <see cref="MakeRules"/> first.</summary>
    public void CountUpdate()
    {
        foreach (ModelGroup run in groups)
        {
            run.Histories.Advance(run.Step);
        }

        _counted = true;
    }

    /// <summary>Stores the scalars that the rules have computed in every state that took part.</summary>
    public void TakeScalars()
    {
        if (!_haveScalars)
        {
            return;
        }

        int job = 0;
        foreach (Entry entry in _entries)
        {
            if (entry.TakesPart)
            {
                ReadOnlySpan<double> after = entry.Run.Step.ScalarsAfter(batch[job++].Rule);
                entry.State.TakeScalars(after);
                entry.Run.Shared?.TakeScalars(after);
            }
        }

        foreach (Entry entry in _entries)
        {
            if (entry.Run.Shared is { } shared)
            {
                entry.State.TakeScalars(shared.Scalars);
            }
        }
    }

    /// <summary>Zeroes gradients: all of them, or only those that no rule has read and zeroed.</summary>
    /// <param name="onlyOfResting">Whether rules have zeroed the gradients that they have read.</param>
    /// <param name="wereRewritten">Whether a clip has rewritten gradients. Rules have then read converted copies of 16-bit gradients.</param>
    public void ZeroGradients(bool onlyOfResting, bool wereRewritten)
    {
        if (onlyOfResting && WithoutGradient + Frozen == 0 && !_haveTables && !wereRewritten)
        {
            return;
        }

        foreach (Entry entry in _entries)
        {
            if (!onlyOfResting || !entry.TakesPart || entry.Parameter.IsTable || (wereRewritten && entry.Parameter.HasRoundedGradients))
            {
                entry.Parameter.ZeroGradient();
            }
        }
    }

    /// <summary>
    /// The largest magnitude of all parameters and their state, including those that take no part: see
    /// <see cref="OptimizerState.LargestMagnitude"/>.
    /// </summary>
    public double LargestMagnitude()
    {
        double largest = 0;
        foreach (Entry entry in _entries)
        {
            largest = Math.Max(largest, Math.Max(entry.Parameter.LargestMagnitude(), entry.State.LargestMagnitude()));
        }

        return largest;
    }

    /// <summary>The largest magnitude of a value that every format of the values can store.</summary>
    public double LargestStorable { get; private set; } = double.PositiveInfinity;

    /// <summary>The largest magnitude of a state scalar that rules compute with.</summary>
    public double LargestScalar()
    {
        double largest = 0;
        if (_haveScalars)
        {
            foreach (Entry entry in _entries)
            {
                if (entry.TakesPart)
                {
                    OptimizerState state = entry.Run.Shared ?? entry.State;
                    largest = Math.Max(largest, entry.Run.Step.Definition.MagnitudeOf(state.Scalars));
                }
            }
        }

        return largest;
    }

    /// <summary>The states of the jobs of the batch.</summary>
    public OptimizerState[] States() => [.. _entries.Where(entry => entry.TakesPart).Select(entry => entry.State)];

    private void TakeAddresses()
    {
        _addresses = parameters.Addresses;
        int job = 0;
        foreach (Entry entry in CollectionsMarshal.AsSpan(_entries))
        {
            if (entry.TakesPart)
            {
                batch[job++].Take(entry.Parameter.Buffers);
            }
        }
    }

    // A parameter that takes no part may have changed the scalars of its group, and its update count is different.
    private bool SharedStand()
    {
        foreach (ModelGroup run in groups)
        {
            if (run.Shared is { } shared && !shared.Scalars.SequenceEqual(run.Step.ScalarsAfter(0)))
            {
                return false;
            }
        }

        return true;
    }

    // A user may have frozen a group, removed a gradient or requested a rounded copy.
    private bool Stands()
    {
        if (!_gathered || !Array.TrueForAll(groups, run => run.WasFrozen == run.Group.Frozen))
        {
            return false;
        }

        // A change may have been undone: for example, all gradients were removed and most were given again.
        bool same = _revision == parameters.Revision || _entries.TrueForAll(entry => entry.IsAsBefore);
        _revision = same ? parameters.Revision : _revision;
        return same;
    }

    private sealed class Entry(Parameter parameter, ModelGroup run, OptimizerState state)
    {
        private NumberBuffer _stored;

        public Parameter Parameter { get; } = parameter;

        public ModelGroup Run { get; } = run;

        public OptimizerState State { get; } = state;

        public IOptimizerOptions Options => Run.Group.Options;

        /// <summary>Whether the parameter takes part in the steps of the plan.</summary>
        public bool TakesPart { get; private set; }

        public bool IsAsBefore => WantsToTakePart == TakesPart && Parameter.StoredValues == _stored;

        private bool WantsToTakePart => Parameter.CanTakePart && !Run.WasFrozen;

        public void Remember()
        {
            TakesPart = WantsToTakePart;
            _stored = Parameter.StoredValues;
        }
    }
}
