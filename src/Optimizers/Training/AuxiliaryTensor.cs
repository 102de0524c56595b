using System.Runtime.InteropServices;

namespace Optimizers.Training;

/// <summary>A tensor beside a parameter, of the same length.</summary>
internal sealed class AuxiliaryTensor(Parameter parameter, ParameterGroup? group, OptimizerState state)
{
    public Parameter Parameter { get; } = parameter;

    /// <summary>The group of the parameter, where there are groups and it has one.</summary>
    public ParameterGroup? Group { get; } = group;

    /// <summary>The memory, and the number of passes that have made it older.</summary>
    public OptimizerState State { get; } = state;

    /// <summary>Whether the parameter takes part in what is going on; for whoever keeps the companions.</summary>
    public bool TakesPart { get; set; }

    public Span<float> Elements
    {
        get
        {
            ReadOnlySpan<float> slot = State[State.SlotNames[0]];
            return MemoryMarshal.CreateSpan(ref MemoryMarshal.GetReference(slot), slot.Length);
        }
    }
}
