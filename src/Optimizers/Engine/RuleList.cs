namespace Optimizers;

/// <summary>The rules of one step; it grows to the largest number of rules that a step needed and stays so.</summary>
internal sealed class RuleList<TRule>
    where TRule : struct, IUpdateRule<TRule>
{
    private TRule[] _rules = new TRule[1];
    private long _lastIteration;

    public int Count { get; private set; }

    public ref TRule this[int index] => ref _rules[index];

    public void Clear() => Count = 0;

    public bool LastIsFor(long iteration) => Count > 0 && _lastIteration == iteration;

    public int Add(long iteration, in TRule rule)
    {
        if (Count == _rules.Length)
        {
            Array.Resize(ref _rules, 2 * Count);
        }

        _rules[Count] = rule;
        _lastIteration = iteration;
        return Count++;
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
}
