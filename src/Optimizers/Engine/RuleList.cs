namespace Optimizers;

/// <summary>
/// The rules of one step, one for each age that a group's tensors have; it grows to the largest number that a step needed
/// and stays so.
/// </summary>
internal sealed class RuleList<TRule>(Func<StepScalars, TRule> make)
    where TRule : struct, IUpdateRule<TRule>
{
    private Aged[] _rules = new Aged[1];
    private int _claimed;

    public int Count { get; private set; }

    public ref TRule this[int index] => ref _rules[index].Rule;

    public long IterationOf(int index) => _rules[index].Age.Iteration;

    public void Claim()
    {
        if (Interlocked.Exchange(ref _claimed, 1) != 0)
        {
            throw new InvalidOperationException(
                $"{nameof(IOptimizerOptions.CreateUpdate)} gave the same update twice; it has to make a new one each time.");
        }
    }

    public void Clear() => Count = 0;

    public bool LastIsFor(TensorAge age) => Count > 0 && _rules[Count - 1].Age == age;

    /// <summary>Adds the rule for the update with which tensors come to an age.</summary>
    /// <returns>Its number.</returns>
    public int Add(TensorAge age, GroupUpdate group)
    {
        if (Count == _rules.Length)
        {
            Array.Resize(ref _rules, 2 * Count);
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
                $"{typeof(TRule).Name} has {TRule.SlotCount} state slots, but {slots.Length} were named.", nameof(slots));
        }

        for (int i = 0; i < slots.Length; i++)
        {
            if (slots[i] is null || string.IsNullOrEmpty(slots[i].Name))
            {
                throw new ArgumentException($"Slot {i} has no name.", nameof(slots));
            }

            if (Array.Exists(slots[..i], earlier => earlier.Name == slots[i].Name))
            {
                throw new ArgumentException($"Two slots are named \"{slots[i].Name}\".", nameof(slots));
            }
        }
    }

    // A rule is a pure function of the scalars, so equally old neighbours have the same.
    private void Set(int index, TensorAge age, GroupUpdate group) => _rules[index] = new Aged(
        age,
        index > 0 && _rules[index - 1].Age == age
            ? _rules[index - 1].Rule
            : make(new StepScalars(age.Iteration, group.LearningRate, group.WeightDecay)
            {
                Momentum = group.Momentum,
                MomentumProduct = age.MomentumProduct,
            }));

    private struct Aged(TensorAge age, TRule rule)
    {
        public readonly TensorAge Age = age;
        public TRule Rule = rule;
    }
}
