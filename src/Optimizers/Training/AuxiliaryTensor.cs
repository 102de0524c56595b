using System.Runtime.InteropServices;

namespace Optimizers.Training;

/// <summary>A tensor that belongs to a parameter and has the same length.</summary>
internal sealed class AuxiliaryTensor(Parameter parameter, ParameterGroup? group, OptimizerState state)
{
    public Parameter Parameter { get; } = parameter;

    /// <summary>The group of the parameter; null if there are no groups or the parameter is in none.</summary>
    public ParameterGroup? Group { get; } = group;

    /// <summary>The memory of the tensor, and the number of passes over it.</summary>
    public OptimizerState State { get; } = state;

    /// <summary>Whether the parameter takes part in the current operation. The owner of the tensors sets it.</summary>
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
