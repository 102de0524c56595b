namespace Optimizers.Engine;

/// <summary>
/// The rules of one step, one for each age and history that a group's tensors have; it grows to the largest number that a
/// step needed and stays so.
/// </summary>
internal sealed class RuleList<TRule>
    where TRule : struct, IUpdateRule<TRule>
{
    private readonly RuleWithHistory<TRule> _make;
    private readonly StateScalar[] _scalars;
    private Aged[] _rules = new Aged[1];
    private int _claimed;

    public RuleList(RuleWithHistory<TRule> make, IReadOnlyList<StateScalar> scalars)
    {
        ArgumentNullException.ThrowIfNull(make, "rule");
        ArgumentNullException.ThrowIfNull(scalars);
        CheckNames("scalar", nameof(scalars), [.. scalars.Select(scalar => scalar?.Name)]);
        _make = make;
        _scalars = [.. scalars];
    }

    public IReadOnlyList<StateScalar> Scalars => _scalars;

    public int Count { get; private set; }

    public ref TRule this[int index] => ref _rules[index].Rule;

    public long IterationOf(int index) => _rules[index].Age.Iteration;

    public ReadOnlySpan<double> ScalarsAfter(int index) => _rules[index].After;

    /// <summary>The same, for a rule that knows only now what they will be.</summary>
    public Span<double> ScalarsToBe(int index) => _rules[index].After;

    public void Claim()
    {
        if (Interlocked.Exchange(ref _claimed, 1) != 0)
        {
            throw new InvalidOperationException(
                $"{nameof(IOptimizerOptions.CreateUpdate)} returned the same object twice. It must make a new one each time.");
        }
    }

    public void Clear() => Count = 0;

    public bool LastIsFor(TensorAge age, ReadOnlySpan<double> scalars) =>
        Count > 0 && _rules[Count - 1].Age == age && scalars.SequenceEqual(_rules[Count - 1].Before);

    /// <summary>Adds the rule for the update with which tensors come to an age, whose scalars stand so.</summary>
    /// <returns>Its number.</returns>
    public int Add(TensorAge age, ReadOnlySpan<double> scalars, GroupUpdate group)
    {
        if (Count == _rules.Length)
        {
            Array.Resize(ref _rules, 2 * Count);
        }

        if (_scalars.Length > 0)
        {
            TakeScalars(ref _rules[Count], scalars);
        }

        Set(Count, age, group);
        return Count++;
    }

    /// <summary>Makes every rule that of the next update.</summary>
    public void Advance(GroupUpdate group)
    {
        for (int i = 0; i < Count; i++)
        {
            Set(i, group.After(_rules[i].Age), group);
        }
    }

    /// <summary>Checks that the slots are as many as the rule takes, and have names that tell them apart.</summary>
    public static void CheckSlots(StateSlot[] slots)
    {
        ArgumentNullException.ThrowIfNull(slots);
        if (slots.Length != TRule.SlotCount)
        {
            throw new ArgumentException(
                $"{typeof(TRule).Name} has {TRule.SlotCount} state slots, but {slots.Length} were given. Give a {nameof(StateSlot)} for each.", nameof(slots));
        }

        CheckNames("slot", nameof(slots), Array.ConvertAll(slots, slot => slot?.Name));
    }

    private static void CheckNames(string what, string argument, string?[] names)
    {
        for (int i = 0; i < names.Length; i++)
        {
            if (string.IsNullOrEmpty(names[i]))
            {
                throw new ArgumentException($"{argument}[{i}] has no name. Give each {what} a name.", argument);
            }

            if (names.AsSpan(0, i).Contains(names[i]))
            {
                throw new ArgumentException($"Two {what}s are named \"{names[i]}\". Names must differ.", argument);
            }
        }
    }

    // Most rules have none: whatever is done for those that do is to cost the others nothing.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void TakeScalars(ref Aged rule, ReadOnlySpan<double> scalars)
    {
        rule.Before ??= new double[_scalars.Length];
        rule.After ??= new double[_scalars.Length];
        scalars.CopyTo(rule.After);
    }

    private void Set(int index, TensorAge age, GroupUpdate group)
    {
        ref Aged rule = ref _rules[index];
        rule.Age = age;
        rule.After?.CopyTo(rule.Before!, 0);

        // A rule is a pure function of the scalars, so equally old neighbours without a history have the same.
        rule.Rule = index > 0 && _scalars.Length == 0 && _rules[index - 1].Age == age
            ? _rules[index - 1].Rule
            : _make(
                new StepScalars(age.Iteration, group.LearningRate, group.WeightDecay)
                {
                    Momentum = group.Momentum,
                    MomentumProduct = age.MomentumProduct,
                },
                rule.After);
    }

    private struct Aged
    {
        public TensorAge Age;
        public TRule Rule;

        // The scalars of state around the update; null where there are none.
        public double[]? Before;
        public double[]? After;
    }
}
