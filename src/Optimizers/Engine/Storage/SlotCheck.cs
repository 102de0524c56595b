using System.Globalization;

namespace Optimizers.Engine;

/// <summary>Compares the signs of the elements in a slot with the slot's declaration.</summary>
internal sealed unsafe class SlotCheck
{
    private readonly StateSlot _declared;
    private long _elements;
    private long _updates;
    private bool _hasPositive;
    private string? _negative;

    private SlotCheck(StateSlot declared) => _declared = declared;

    /// <summary>Describes the slots whose elements do not match their declaration.</summary>
    /// <param name="states">States of the same optimizer, each with its name for messages.</param>
    public static IReadOnlyList<string> Of(IEnumerable<(string Name, OptimizerState State)> states)
    {
        var checks = new List<SlotCheck>();
        foreach ((string name, OptimizerState state) in states)
        {
            foreach (Slot slot in state.Slots)
            {
                SlotCheck? check = checks.Find(known => known._declared.Name == slot.Declared.Name);
                if (check is null)
                {
                    checks.Add(check = new SlotCheck(slot.Declared));
                }

                check.Add(name, slot, state.Iteration);
            }

            GC.KeepAlive(state);
        }

        return [.. checks.Select(check => check.Problem()).OfType<string>()];
    }

    private void Add(string name, Slot slot, long updates)
    {
        _elements += slot.Length;
        _updates = Math.Max(_updates, updates);
        float* values = stackalloc float[Blocks.Length];
        for (int start = 0; start < slot.Length; start += Blocks.Length)
        {
            int count = Math.Min(slot.Length - start, Blocks.Length);
            slot.Read((nuint)start, (nuint)(start + count), values, Kernel.WidestLane);
            for (int i = 0; i < count; i++)
            {
                _hasPositive |= values[i] > 0;
                if (values[i] < 0)
                {
                    _negative ??= string.Create(CultureInfo.InvariantCulture, $"the element {start + i}{name} is {values[i]}");
                }
            }
        }
    }

    private string? Problem()
    {
        string slot = $"new {nameof(StateSlot)}(\"{_declared.Name}\")";
        if (_declared.NonNegative)
        {
            return _negative is null ? null
                : $"The slot \"{_declared.Name}\" is declared {nameof(StateSlot.NonNegative)}, but {_negative}. {nameof(StateFormat.Half)} and {nameof(StateFormat.Block8)} store such a slot without signs. Declare it as {slot}.";
        }

        return _negative is not null || !_hasPositive || _declared.FullPrecision || _declared.Extent != SlotExtent.Elements || _updates == 0 ? null
            : string.Create(
                CultureInfo.InvariantCulture,
                $"The slot \"{_declared.Name}\" is not declared {nameof(StateSlot.NonNegative)}, and none of its {_elements:N0} elements is negative after {_updates:N0} updates. If the rule divides by it or by its root, declare it as {slot} {{ {nameof(StateSlot.NonNegative)} = true }}. Otherwise {nameof(StateFormat.Half)} and {nameof(StateFormat.Block8)} round its small elements to 0, and the division makes steps far too large.");
    }
}
